//! One event of the session in the making: its files from whichever place names them, its values, its system information.

use std::borrow::Cow;
use std::mem::{size_of, take};

use jiff::Timestamp;
use session::support_session::{Actor, FileReference, SessionEvent, SessionEventKind, SystemCategory};

use super::draft::Keeper;

/// The event being read.
pub(super) struct EventDraft {
    event: SessionEvent,
    /// A file named by children of the event itself.
    direct: FileDraft,
    /// A file named by the event's values, or the one of `files` that is open.
    other: FileDraft,
    category: CategoryDraft,
}

/// Name and size come one by one.
#[derive(Default)]
struct FileDraft {
    name: Option<String>,
    bytes: Option<u64>,
}

impl FileDraft {
    fn take(&mut self) -> Option<FileReference> {
        let Self { name, bytes } = take(self);
        Some(FileReference { name: name?, bytes })
    }
}

/// A category of system information as it stands in the report: titles and rows apart.
#[derive(Default)]
struct CategoryDraft {
    name: String,
    columns: Vec<Column>,
    rows: Vec<Vec<RowField>>,
    /// Position of the next field, counting those that are left out.
    position: usize,
}

struct Column {
    id: Option<String>,
    title: String,
}

struct RowField {
    position: usize,
    key: Option<String>,
    value: String,
}

impl Default for EventDraft {
    fn default() -> Self {
        Self {
            event: empty_event(None, SessionEventKind::Other(String::new())),
            direct: FileDraft::default(),
            other: FileDraft::default(),
            category: CategoryDraft::default(),
        }
    }
}

fn empty_event(at: Option<Timestamp>, kind: SessionEventKind) -> SessionEvent {
    SessionEvent {
        at,
        kind,
        performed_by: None,
        destination: None,
        body: None,
        files: Vec::new(),
        data: Vec::new(),
        system_information: Vec::new(),
    }
}

impl EventDraft {
    pub(super) fn open(&mut self, at: Option<Timestamp>, kind: SessionEventKind) {
        // What there was besides has been taken when the last event was closed.
        self.event = empty_event(at, kind);
    }

    pub(super) fn close(&mut self) -> SessionEvent {
        self.event.files.extend(self.other.take());
        if let Some(direct) = self.direct.take() {
            self.add_direct(direct);
        }
        std::mem::replace(&mut self.event, empty_event(None, SessionEventKind::Other(String::new())))
    }

    /// Some releases name the file as a child of the event, some among its values; one that does both means one file.
    fn add_direct(&mut self, direct: FileReference) {
        match self.event.files.iter_mut().find(|file| file.name == direct.name) {
            Some(file) => file.bytes = file.bytes.or(direct.bytes),
            None => self.event.files.push(direct),
        }
    }

    pub(super) fn performed_by(&mut self, actor: Actor) {
        self.event.performed_by.get_or_insert(actor);
    }

    pub(super) fn destination(&mut self, actor: Actor) {
        self.event.destination.get_or_insert(actor);
    }

    pub(super) fn body(&mut self, text: Cow<'_, str>, keeper: &mut Keeper) {
        if self.event.body.is_none() {
            self.event.body = keeper.whole_text(text);
        }
    }

    pub(super) fn direct_file_name(&mut self, name: &str, keeper: &mut Keeper) {
        self.event.files.extend(self.direct.take());
        self.direct.name = kept_file_name(name, keeper);
    }

    pub(super) fn direct_file_size(&mut self, text: &str) {
        self.direct.bytes = text.parse().ok();
    }

    pub(super) fn file_name(&mut self, name: &str, keeper: &mut Keeper) {
        self.other.name = kept_file_name(name, keeper);
    }

    pub(super) fn file_size(&mut self, text: &str) {
        self.other.bytes = text.parse().ok();
    }

    pub(super) fn close_file(&mut self) {
        self.event.files.extend(self.other.take());
    }

    /// One of the event's own name and value pairs; `filename` and `filesize` make a file.
    pub(super) fn datum(&mut self, name: &str, value: &str, keeper: &mut Keeper) {
        match name.trim() {
            "" => {}
            "filename" => {
                self.close_file();
                self.file_name(value, keeper);
            }
            "filesize" => self.file_size(value.trim()),
            _ if keeper.admits(size_of::<(String, String)>()) => {
                let name = keeper.text(name).unwrap_or_default();
                let value = keeper.text(value).unwrap_or_default();
                self.event.data.push((name, value));
            }
            _ => {}
        }
    }

    pub(super) fn open_category(&mut self, name: Option<&str>, keeper: &mut Keeper) -> bool {
        let name = name.and_then(|name| keeper.text(name)).unwrap_or_default();
        self.category = CategoryDraft { name, ..CategoryDraft::default() };
        keeper.admits(size_of::<SystemCategory>())
    }

    pub(super) fn column(&mut self, id: Option<&str>, name: Option<&str>, keeper: &mut Keeper) {
        if keeper.admits(size_of::<Column>()) {
            let id = id.and_then(|id| keeper.text(id));
            let title = name.and_then(|name| keeper.text(name)).or_else(|| id.clone()).unwrap_or_default();
            self.category.columns.push(Column { id, title });
        }
    }

    pub(super) fn open_row(&mut self, keeper: &mut Keeper) -> bool {
        self.category.position = 0;
        let admitted = keeper.admits(size_of::<Vec<RowField>>());
        if admitted {
            self.category.rows.push(Vec::new());
        }
        admitted
    }

    pub(super) fn row_field(&mut self, key: Option<&str>, value: &str, keeper: &mut Keeper) {
        let position = self.category.position;
        self.category.position += 1;
        if !value.is_empty()
            && keeper.admits(size_of::<RowField>())
            && let Some(row) = self.category.rows.last_mut()
            && let Some(value) = keeper.text(value)
        {
            row.push(RowField { position, key: key.and_then(|key| keeper.text(key)), value });
        }
    }

    pub(super) fn close_category(&mut self) {
        let category = take(&mut self.category);
        let columns = category.columns;
        let titled = |field: RowField| (title(&columns, &field), field.value);
        let rows: Vec<Vec<(String, String)>> =
            category.rows.into_iter().filter(|row| !row.is_empty()).map(|row| row.into_iter().map(titled).collect()).collect();
        if !rows.is_empty() {
            self.event.system_information.push(SystemCategory { name: category.name, rows });
        }
    }
}

/// The column at the field's position, if that fits or nothing can contradict it; else the column that the field names; else
/// the field's own key. Fields are told by `id` in some releases and by `name` in others.
fn title(columns: &[Column], field: &RowField) -> String {
    let by_position = columns.get(field.position);
    let Some(key) = &field.key else {
        return by_position.map(|column| column.title.clone()).unwrap_or_default();
    };
    let is_named = |column: &&Column| column.id.as_ref() == Some(key) || column.title == *key;
    let column = by_position.filter(is_named).or_else(|| columns.iter().find(is_named)).or(by_position);
    column.map_or_else(|| key.clone(), |column| column.title.clone())
}

fn kept_file_name(name: &str, keeper: &mut Keeper) -> Option<String> {
    keeper.admits(size_of::<FileReference>()).then(|| keeper.text(name)).flatten()
}
