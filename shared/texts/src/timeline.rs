//! What happened in a session, as a reader wants to know it: notes, files, chat and actions, system information.
//!
//! A report records far more than anybody reads: joins, changes of ownership, every window that came to the front. Only
//! what is known to say something about the work is shown; an event that nobody here has heard of is left out, and the
//! appliance still has it.

use jiff::Timestamp;
use serde::Serialize;

use crate::participants::{Audience, Participants};
use crate::text::{one_line, paragraph, shortened};
use session::ids::Gsnumber;
use session::local_time::{Clock, size};
use session::support_session::{Actor, ActorKind, FileReference, SessionEvent, SessionEventKind, SupportSession, SystemCategory};

/// The longest list of values behind an action.
const ACTION_CHARACTERS_MAX: usize = 400;

/// Further lines of a chat message stand under its first, behind `14:04:19 `.
const CHAT_INDENT: usize = 9;

/// Further lines of a session note stand behind `14:22 `.
const WORK_INDENT: usize = 6;

/// The most rows of a table of system information that share a line.
const ROWS_ON_A_LINE_MAX: usize = 8;

/// The vendor's names of the other events that are shown, and how they read behind a name.
const OTHER_ACTIONS: [(&str, &str); 16] = [
    ("Screenshot Captured", "took a screenshot"),
    ("Credential Injection Attempt", "injected credentials"),
    ("Credential Injection Attempt Failed", "failed to inject credentials"),
    ("Registry Exported", "exported from the registry"),
    ("Registry Imported", "imported into the registry"),
    ("Registry Key Added", "added registry key"),
    ("Registry Key Deleted", "deleted registry key"),
    ("Registry Key Renamed", "renamed registry key"),
    ("Registry Value Added", "added registry value"),
    ("Registry Value Deleted", "deleted registry value"),
    ("Registry Value Modified", "modified registry value"),
    ("Registry Value Renamed", "renamed registry value"),
    ("Callback Button Deployed", "deployed a callback button"),
    ("Callback Button Removed", "removed a callback button"),
    ("Session Pinned to Queue", "pinned the session to a queue"),
    ("Session Unpinned from Queue", "unpinned the session from its queue"),
];

/// A session note of a representative.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WorkModel {
    time: String,
    name: String,
    text: String,
}

/// A file that went one way or the other.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FileModel {
    time: String,
    direction: &'static str,
    name: String,
    size: Option<String>,
    failed: bool,
    text: String,
}

/// A line of chat, an action, or the gap where lines were left out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EntryModel {
    #[serde(skip)]
    pub(crate) at: Option<Timestamp>,
    pub(crate) day: Option<String>,
    pub(crate) time: String,
    pub(crate) name: String,
    pub(crate) to: Option<String>,
    pub(crate) text: String,
    pub(crate) chat: bool,
    pub(crate) gap: Option<String>,
}

/// What one computer said about itself.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SystemModel {
    time: Option<String>,
    computer: Option<String>,
    categories: Vec<CategoryModel>,
    #[serde(skip)]
    gsnumber: Option<Gsnumber>,
}

#[derive(Debug, Clone, Serialize)]
struct CategoryModel {
    name: String,
    items: Vec<String>,
    text: String,
}

/// Reads a session's events for one audience.
pub(crate) struct Reader<'a> {
    pub(crate) session: &'a SupportSession,
    pub(crate) participants: &'a Participants<'a>,
    pub(crate) clock: &'a Clock<'a>,
    pub(crate) audience: Audience,
}

impl Reader<'_> {
    /// The session notes; none for customers.
    pub(crate) fn work(&self) -> Vec<WorkModel> {
        let notes = self.session.events.iter().filter(|event| event.kind == SessionEventKind::SessionNoteAdded);
        let notes = notes.filter(|_| self.audience == Audience::Internal);
        notes.filter_map(|event| self.work_model(event)).collect()
    }

    fn work_model(&self, event: &SessionEvent) -> Option<WorkModel> {
        let text = paragraph(event.body.as_deref()?, WORK_INDENT);
        let time = self.minute(event.at);
        (!text.is_empty()).then(|| WorkModel { time, name: self.participants.name(event.performed_by.as_ref()), text })
    }

    /// The files that changed hands between customer and representatives.
    pub(crate) fn files(&self) -> Vec<FileModel> {
        let shown = self.session.events.iter().filter(|event| self.is_for_audience(event));
        shown.flat_map(|event| self.files_of(event)).collect()
    }

    fn files_of(&self, event: &SessionEvent) -> Vec<FileModel> {
        let Some((direction, failed)) = self.direction(&event.kind) else { return Vec::new() };
        event.files.iter().map(|file| self.file_model(event.at, direction, failed, file)).collect()
    }

    fn direction(&self, kind: &SessionEventKind) -> Option<(&'static str, bool)> {
        let (to, from) =
            if self.participants.unattended { ("to endpoint", "from endpoint") } else { ("to customer", "from customer") };
        match kind {
            SessionEventKind::FileUpload => Some((to, false)),
            SessionEventKind::FileUploadFailed => Some((to, true)),
            SessionEventKind::FileDownload => Some((from, false)),
            SessionEventKind::FileDownloadFailed => Some((from, true)),
            SessionEventKind::FilesShared => Some(("shared", false)),
            _ => None,
        }
    }

    fn file_model(&self, at: Option<Timestamp>, direction: &'static str, failed: bool, file: &FileReference) -> FileModel {
        let name = one_line(&file.name);
        let size = file.bytes.map(size);
        let size_text = size.as_ref().map(|size| format!(", {size}")).unwrap_or_default();
        let failed_text = if failed { " (failed)" } else { "" };
        let text = format!("{direction:<13} {name}{size_text}{failed_text}");
        FileModel { time: self.minute(at), direction, name, size, failed, text }
    }

    /// Chat and actions, in the order of the report. Customers see no actions.
    pub(crate) fn timeline(&self) -> Vec<EntryModel> {
        self.session.events.iter().filter_map(|event| self.entry(event)).collect()
    }

    fn entry(&self, event: &SessionEvent) -> Option<EntryModel> {
        let chat = event.kind == SessionEventKind::ChatMessage;
        let (name, text) = if chat { self.chat(event)? } else { self.action(event)? };
        Some(EntryModel {
            at: event.at,
            day: None,
            time: event.at.map_or_else(|| "--:--:--".to_owned(), |at| self.clock.second(at)),
            name,
            to: self.only_reader(event).filter(|_| chat),
            text,
            chat,
            gap: None,
        })
    }

    fn chat(&self, event: &SessionEvent) -> Option<(String, String)> {
        // The appliance itself chats too: who joined, how long the queue is. Told by its kind, for its name is a brand.
        let by_system = event.performed_by.as_ref().is_some_and(|actor| actor.kind == ActorKind::System);
        if by_system || !self.is_for_audience(event) {
            return None;
        }
        let text = paragraph(event.body.as_deref()?, CHAT_INDENT);
        (!text.is_empty()).then(|| (self.participants.name(event.performed_by.as_ref()), text))
    }

    fn action(&self, event: &SessionEvent) -> Option<(String, String)> {
        if self.audience == Audience::Customer {
            return None;
        }
        let text = action_text(event)?;
        let from_customer = matches!(event.kind, SessionEventKind::FileDownload | SessionEventKind::FileDownloadFailed);
        let by_representative = |actor: &&Actor| actor.kind == ActorKind::Representative;
        // A download is recorded as performed by the customer; whoever fetched the file is the destination.
        let fetched_by = event.destination.as_ref().filter(|_| from_customer).filter(by_representative);
        Some((self.participants.name(fetched_by.or(event.performed_by.as_ref())), shortened(&text, ACTION_CHARACTERS_MAX)))
    }

    /// The one person that a chat message was for, where that is not everybody or the customer.
    fn only_reader(&self, event: &SessionEvent) -> Option<String> {
        let destination = event.destination.as_ref().filter(|actor| actor.kind == ActorKind::Representative);
        let by_representative = event.performed_by.as_ref().is_some_and(|actor| actor.kind == ActorKind::Representative);
        destination.filter(|_| by_representative).map(|actor| self.participants.name(Some(actor)))
    }

    /// Whether the customer saw it at the time. What representatives wrote to one another stays among them.
    fn is_for_audience(&self, event: &SessionEvent) -> bool {
        if self.audience == Audience::Internal {
            return true;
        }
        let kind_of = |actor: &Option<Actor>| actor.as_ref().map(|actor| actor.kind);
        let crosses = self.direction(&event.kind).is_some() && event.kind != SessionEventKind::FilesShared;
        match (kind_of(&event.performed_by), kind_of(&event.destination)) {
            _ if crosses => true,
            (Some(ActorKind::Customer), _) => true,
            (Some(ActorKind::Representative), Some(ActorKind::Customer | ActorKind::Everyone)) => true,
            // Without a destination there must have been no colleague to write to.
            (Some(ActorKind::Representative), None) => self.participants.people.len() <= 1,
            _ => false,
        }
    }

    /// The newest system information of each computer, by category; none for customers.
    pub(crate) fn systems(&self) -> Vec<SystemModel> {
        let mut systems: Vec<SystemModel> = Vec::new();
        if self.audience == Audience::Customer {
            return systems;
        }
        for event in self.session.events.iter().filter(|event| !event.system_information.is_empty()) {
            let gsnumber = event.performed_by.as_ref().and_then(|actor| actor.gsnumber);
            let index = systems.iter().position(|system| system.gsnumber == gsnumber).unwrap_or_else(|| {
                systems.push(self.system_model(gsnumber));
                systems.len() - 1
            });
            self.add_information(&mut systems[index], event);
        }
        systems.retain(|system| !system.categories.is_empty());
        // With one computer there is nothing to tell apart.
        if let [only] = systems.as_mut_slice() {
            only.computer = None;
        }
        systems
    }

    fn system_model(&self, gsnumber: Option<Gsnumber>) -> SystemModel {
        let customer = self.session.customers.iter().find(|customer| customer.gsnumber == gsnumber);
        let computer = customer.and_then(|customer| customer.hostname.as_deref()).map(one_line);
        SystemModel { time: None, computer, categories: Vec::new(), gsnumber }
    }

    fn add_information(&self, system: &mut SystemModel, event: &SessionEvent) {
        for category in event.system_information.iter().filter_map(category_model) {
            system.time = Some(self.minute(event.at));
            match system.categories.iter_mut().find(|known| known.name == category.name) {
                Some(known) => *known = category,
                None => system.categories.push(category),
            }
        }
    }

    fn minute(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| "--:--".to_owned(), |at| self.clock.minute_near(at, self.session.started_at))
    }
}

/// What somebody did, as it reads behind their name; `None` for what is not shown.
fn action_text(event: &SessionEvent) -> Option<String> {
    let files = || names(event).unwrap_or_else(|| "a file".to_owned());
    let datum = |name: &str| event.datum(name).map(one_line).filter(|value| !value.is_empty());
    let path = || datum("path").or_else(|| names(event)).unwrap_or_else(|| "a file".to_owned());
    Some(match &event.kind {
        SessionEventKind::FileUpload => format!("sent {}", files()),
        SessionEventKind::FileUploadFailed => format!("failed to send {}", files()),
        SessionEventKind::FileDownload => format!("fetched {}", files()),
        SessionEventKind::FileDownloadFailed => format!("failed to fetch {}", files()),
        SessionEventKind::FilesShared => format!("shared {}", files()),
        SessionEventKind::FileMoved => match (datum("old_path"), datum("new_path")) {
            (Some(from), Some(to)) => format!("moved {from} to {to}"),
            _ => format!("moved {}", path()),
        },
        SessionEventKind::FileDeleted => format!("deleted {}", path()),
        SessionEventKind::DirectoryCreated => format!("created directory {}", datum("path").unwrap_or_default()),
        SessionEventKind::CommandShellStarted => "opened a command shell".to_owned(),
        SessionEventKind::SpecialAction => format!("ran special action {}", datum("action_name").unwrap_or_default()),
        SessionEventKind::Other(kind) => {
            let (_, verb) = OTHER_ACTIONS.into_iter().find(|(name, _)| name == kind)?;
            match values(event) {
                values if values.is_empty() => verb.to_owned(),
                values => format!("{verb}: {values}"),
            }
        }
        _ => return None,
    })
    .map(|text| text.trim_end().to_owned())
}

/// The names of the event's files, without their paths.
fn names(event: &SessionEvent) -> Option<String> {
    let base = |file: &FileReference| one_line(file.name.rsplit(['\\', '/']).next().unwrap_or_default());
    let names: Vec<String> = event.files.iter().map(base).filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The event's own values; links are left out, for they open recordings.
fn values(event: &SessionEvent) -> String {
    let values = event.data.iter().filter(|(name, _)| !name.ends_with("_url")).map(|(_, value)| one_line(value));
    values.filter(|value| !value.is_empty()).collect::<Vec<_>>().join(", ")
}

fn category_model(category: &SystemCategory) -> Option<CategoryModel> {
    let items: Vec<String> = match category.rows.as_slice() {
        [row] => row.iter().map(|(title, value)| one_line(&format!("{title} {value}"))).collect(),
        rows => rows.iter().map(|row| table_row(row)).collect(),
    };
    let items: Vec<String> = items.into_iter().filter(|item| !item.is_empty()).collect();
    let name = one_line(&category.name);
    let text = if items.len() <= ROWS_ON_A_LINE_MAX {
        format!("{name}: {}", items.join(" | "))
    } else {
        format!("{name}:\n  {}", items.join("\n  "))
    };
    (!items.is_empty()).then_some(CategoryModel { name, items, text })
}

/// `C: 81 GB free, 120 GB size`: the first column names the row, the others say what they are.
fn table_row(row: &[(String, String)]) -> String {
    let Some(((_, first), others)) = row.split_first() else { return String::new() };
    let others: Vec<String> =
        others.iter().map(|(title, value)| one_line(&format!("{value} {}", title.to_lowercase()))).collect();
    one_line(&format!("{first} {}", others.join(", ")))
}
