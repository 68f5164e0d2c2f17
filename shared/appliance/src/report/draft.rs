//! The part of the reader that knows sessions: what an element that was opened, filled or closed means for the session, and how
//! much of it is kept.

use std::borrow::Cow;
use std::mem::{size_of, take};

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use session::support_session::{
    Actor, ActorKind, CustomAttribute, Customer, PersonReference, Representative, SessionEventKind, Survey,
};
use session::{Gsnumber, Lsid, Sentence, SupportSession};

use super::builder::Draft;
use super::element::{Field, Names, Place, RecordingKind, Side};
use super::event_draft::EventDraft;
use super::limits::{EVENT_BYTES, Room, Share};
use super::{ReportError, error_texts};

/// The memory of a larger text is given back: it comes once, and is kept beside.
const LARGE_TEXT_BYTES: usize = 64 * 1024;

/// The element being read whose text counts: its attributes and the text so far. Used again for each.
#[derive(Default)]
pub(super) struct Leaf {
    attributes: [String; 2],
    has_attributes: [bool; 2],
    text: String,
    text_bytes_max: usize,
    blanks_count: bool,
    cut: bool,
}

impl Leaf {
    pub(super) fn begin(&mut self, field: Field, attributes: &[Option<Cow<'_, str>>; 2], text_bytes_max: usize) {
        for (index, value) in attributes.iter().enumerate() {
            self.has_attributes[index] = value.is_some();
            if let Some(value) = value {
                self.attributes[index].clear();
                self.attributes[index].push_str(value);
            }
        }
        self.text.clear();
        self.text.shrink_to(LARGE_TEXT_BYTES);
        self.text_bytes_max = text_bytes_max;
        self.blanks_count = field != Field::EncodedBody;
        self.cut = false;
    }

    /// More of the text. Blanks at its beginning are left out at once, so that they cannot grow it.
    pub(super) fn push(&mut self, text: &str) {
        if !self.blanks_count {
            for word in text.split_ascii_whitespace() {
                self.append(word);
            }
        } else if self.text.is_empty() {
            self.append(text.trim_start());
        } else {
            self.append(text);
        }
    }

    fn append(&mut self, text: &str) {
        let room = self.text_bytes_max - self.text.len();
        let kept = text.floor_char_boundary(room.min(text.len()));
        self.cut |= !text[kept..].trim_end().is_empty();
        self.text.push_str(&text[..kept]);
    }

    /// The text so far, without blanks around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim_end()
    }

    /// The text so far. Moving a large one beats copying it.
    fn take_text(&mut self) -> Cow<'_, str> {
        if self.text.len() < LARGE_TEXT_BYTES { Cow::Borrowed(self.text()) } else { Cow::Owned(take(&mut self.text)) }
    }

    /// Whether there was more of it than could be kept.
    pub(super) const fn is_cut(&self) -> bool {
        self.cut
    }

    fn attribute(&self, index: usize) -> Option<&str> {
        self.has_attributes[index].then_some(&self.attributes[index])
    }
}

/// What is kept, and of which share it is taken.
pub(super) struct Keeper {
    room: Room,
    share: Share,
    /// Something did not fit since this was last asked.
    cut: bool,
}

impl Keeper {
    /// The text without blanks around it, as far as there is room; `None` if that is nothing.
    pub(super) fn text(&mut self, text: &str) -> Option<String> {
        let text = text.trim();
        let kept = self.room.take_text(self.share, text);
        self.cut |= kept.len() < text.len();
        (!kept.is_empty()).then(|| kept.to_owned())
    }

    /// The same of a text that is moved if it can be.
    pub(super) fn whole_text(&mut self, text: Cow<'_, str>) -> Option<String> {
        let Cow::Owned(mut text) = text else { return self.text(&text) };
        text.truncate(text.trim_end().len());
        text.drain(..text.len() - text.trim_start().len());
        let kept = self.room.take_text(self.share, &text).len();
        self.cut |= kept < text.len();
        text.truncate(kept);
        text.shrink_to_fit();
        (!text.is_empty()).then_some(text)
    }

    /// Room for something of that size; if there is none, it is to be left out.
    pub(super) fn admits(&mut self, bytes: usize) -> bool {
        let admitted = self.room.take(self.share, bytes);
        self.cut |= !admitted;
        admitted
    }
}

/// A session in the making, and whichever parts of it are open.
pub(super) struct SessionDraft {
    wanted: Lsid,
    session: Option<SupportSession>,
    other_sessions: bool,
    keeper: Keeper,
    customer: Customer,
    representative: Representative,
    /// View and download.
    recording: [Option<String>; 2],
    survey: Survey,
    event: EventDraft,
    chat_download: Option<String>,
    omitted: u64,
    /// Replacements in texts that were encoded.
    replaced: u32,
}

impl SessionDraft {
    pub(super) fn new(wanted: Lsid) -> Self {
        Self {
            wanted,
            session: None,
            other_sessions: false,
            keeper: Keeper { room: Room::new(), share: Share::Header, cut: false },
            customer: Customer::default(),
            representative: Representative::default(),
            recording: [None, None],
            survey: Survey { gsnumber: None, answers: Vec::new() },
            event: EventDraft::default(),
            chat_download: None,
            omitted: 0,
            replaced: 0,
        }
    }

    fn open_session(&mut self, lsid: Option<&str>) -> bool {
        let is_wanted = lsid.is_some_and(|lsid| lsid.trim() == self.wanted.as_str()) && self.session.is_none();
        if is_wanted {
            self.session = Some(SupportSession::empty(self.wanted.clone()));
        } else {
            self.other_sessions = true;
        }
        is_wanted
    }

    fn open_event(&mut self, timestamp: Option<&str>, name: &str) -> bool {
        let kind = SessionEventKind::from_name(name.trim());
        self.keeper.share = Share::of(&kind);
        if !self.keeper.admits(EVENT_BYTES + name.len()) {
            self.end_event();
            return false;
        }
        self.event.open(timestamp.and_then(unix_seconds), kind);
        true
    }

    fn end_event(&mut self) {
        self.omitted += u64::from(take(&mut self.keeper.cut));
        self.keeper.share = Share::Header;
    }

    fn fill_session(&mut self, field: Field, leaf: &Leaf) {
        let Some(session) = &mut self.session else { return };
        let keeper = &mut self.keeper;
        let slot = match field {
            Field::Sequence => return session.sequence = session.sequence.or(leaf.text().parse().ok()),
            Field::StartTime => return session.started_at = session.started_at.or(time(leaf)),
            Field::EndTime => return session.ended_at = session.ended_at.or(time(leaf)),
            Field::PrimaryCustomer => return session.primary_customer = person(leaf, keeper),
            Field::PrimaryRepresentative => return session.primary_representative = person(leaf, keeper),
            Field::CustomAttribute => return session.custom_attributes.extend(custom_attribute(leaf, keeper)),
            // No jumpoint is the id -1 (observed by clients). A personal jump group has that id too, and a name.
            Field::Jumpoint if leaf.attribute(1) == Some("-1") => return,
            Field::Jumpoint => &mut session.jumpoint,
            Field::JumpGroup => &mut session.jump_group,
            Field::PublicSite => &mut session.public_site,
            Field::ExternalKey => &mut session.external_key,
            Field::PrimaryTeam => &mut session.primary_team,
            Field::ChatViewUrl => &mut session.links.chat_view,
            Field::ChatDownloadUrl => &mut self.chat_download,
            Field::RecordingViewUrl => &mut session.links.recording_view,
            Field::RecordingDownloadUrl => &mut session.links.recording_download,
            _ => return,
        };
        keep_first(slot, leaf, keeper);
    }

    fn fill_customer(&mut self, field: Field, leaf: &Leaf) {
        let customer = &mut self.customer;
        let slot = match field {
            Field::Primary => return customer.primary = flag(leaf),
            Field::Username => &mut customer.name,
            Field::Hostname => &mut customer.hostname,
            Field::OperatingSystem => &mut customer.operating_system,
            Field::PublicIp => &mut customer.public_ip,
            Field::PrivateIp => &mut customer.private_ip,
            Field::InfoName => &mut customer.info.name,
            Field::Company => &mut customer.info.company,
            Field::CompanyCode => &mut customer.info.company_code,
            Field::Issue => &mut customer.info.issue,
            Field::InfoDetails => &mut customer.info.details,
            _ => return,
        };
        keep_first_known(slot, field, leaf, &mut self.keeper);
    }

    fn fill_representative(&mut self, field: Field, leaf: &Leaf) {
        let representative = &mut self.representative;
        let slot = match field {
            Field::Primary => return representative.primary = flag(leaf),
            Field::Invited => return representative.invited = flag(leaf),
            Field::SecondsInvolved => return representative.seconds_involved = leaf.text().parse().ok(),
            Field::Username => &mut representative.username,
            Field::PrivateDisplayName => &mut representative.private_display_name,
            // `display_name` is the deprecated name of the public one; where both stand, they are the same.
            Field::PublicDisplayName | Field::DisplayName => &mut representative.public_display_name,
            Field::Hostname => &mut representative.hostname,
            Field::OperatingSystem => &mut representative.operating_system,
            _ => return,
        };
        keep_first_known(slot, field, leaf, &mut self.keeper);
    }

    fn fill_event(&mut self, field: Field, leaf: &mut Leaf) {
        let (event, keeper) = (&mut self.event, &mut self.keeper);
        match field {
            Field::Body => event.body(leaf.take_text(), keeper),
            Field::EncodedBody => {
                let decoded = decoded(leaf);
                keeper.cut |= decoded.is_none();
                let (text, replaced) = decoded.unwrap_or_default();
                self.replaced = self.replaced.saturating_add(replaced);
                event.body(Cow::Owned(text), keeper);
            }
            Field::PerformedBy => event.performed_by(actor(leaf, keeper)),
            Field::Destination => event.destination(actor(leaf, keeper)),
            Field::FileName => event.direct_file_name(leaf.text(), keeper),
            Field::FileSize => event.direct_file_size(leaf.text()),
            _ => {}
        }
    }

    fn fill_survey(&mut self, leaf: &Leaf) {
        let (question, answer) = name_and_value(leaf);
        // Values carry line breaks as the two characters `\n` (observed by clients).
        let answer = answer.replace("\\r\\n", "\n").replace("\\n", "\n");
        if self.keeper.admits(size_of::<(String, String)>()) {
            let question = self.keeper.text(question).unwrap_or_default();
            let answer = self.keeper.text(&answer).unwrap_or_default();
            self.survey.answers.push((question, answer));
        }
    }

    /// The session, or what there was instead of it.
    fn session(mut self) -> Result<SupportSession, Sentence> {
        let Some(mut session) = self.session else {
            return Err(Sentence::new(if self.other_sessions { "the answer is about other sessions" } else { "empty" }));
        };
        if session.links.chat_view.is_none() {
            session.links.chat_view = self.chat_download;
        }
        self.omitted += u64::from(self.keeper.cut);
        session.omitted.events = self.omitted;
        session.replaced_characters = self.replaced;
        Ok(session)
    }
}

impl Draft for SessionDraft {
    type Whole = SupportSession;

    const NAMES: Names = Names { list: "session_list", session: "session" };

    fn text_bytes_max(&self, field: Field) -> usize {
        let left = self.keeper.room.left(self.keeper.share);
        // Four characters of base64 make three bytes.
        if field == Field::EncodedBody { left / 3 * 4 } else { left }
    }

    fn open(&mut self, place: Place, first: Option<&str>, second: Option<&str>) -> Place {
        let wanted = match place {
            Place::Session => self.open_session(first),
            Place::Customer => {
                self.customer = Customer { gsnumber: gsnumber(first), ..Customer::default() };
                self.keeper.admits(size_of::<Customer>())
            }
            Place::Representative => {
                let id = second.and_then(|id| self.keeper.text(id));
                self.representative = Representative { gsnumber: gsnumber(first), id, ..Representative::default() };
                self.keeper.admits(size_of::<Representative>())
            }
            Place::Recording(_) => {
                self.recording = [None, None];
                true
            }
            Place::Survey(_) => {
                self.survey = Survey { gsnumber: gsnumber(first), answers: Vec::new() };
                self.keeper.admits(size_of::<Survey>())
            }
            Place::Event => self.open_event(first, second.unwrap_or_default()),
            Place::Category => self.event.open_category(first, &mut self.keeper),
            Place::Row => self.event.open_row(&mut self.keeper),
            Place::File => {
                self.event.close_file();
                true
            }
            _ => true,
        };
        if wanted { place } else { Place::Skipped }
    }

    fn close(&mut self, place: Place) {
        let Some(session) = &mut self.session else { return };
        match place {
            Place::Customer => session.customers.push(take(&mut self.customer)),
            Place::Representative => session.representatives.push(take(&mut self.representative)),
            Place::Recording(kind) => {
                let [view, download] = take(&mut self.recording);
                let recordings = match kind {
                    RecordingKind::CommandShell => &mut session.links.command_shells,
                    RecordingKind::ShowMyScreen => &mut session.links.show_my_screen,
                };
                recordings.extend(view.or(download));
            }
            // One without values counts too: whoever sent the form off without a word has been heard, and waits for nothing.
            Place::Survey(side) => {
                let surveys = match side {
                    Side::Customer => &mut session.customer_surveys,
                    Side::Representative => &mut session.representative_surveys,
                };
                surveys.push(Survey { gsnumber: self.survey.gsnumber, answers: take(&mut self.survey.answers) });
            }
            Place::Event => {
                session.events.push(self.event.close());
                self.end_event();
            }
            Place::File => self.event.close_file(),
            Place::Category => self.event.close_category(),
            _ => {}
        }
    }

    fn fill(&mut self, parent: Place, field: Field, leaf: &mut Leaf) {
        self.keeper.cut |= leaf.cut;
        match parent {
            Place::Customer | Place::CustomerInfo => self.fill_customer(field, leaf),
            Place::Representative => self.fill_representative(field, leaf),
            Place::Survey(_) => self.fill_survey(leaf),
            Place::Recording(_) => {
                let slot = &mut self.recording[usize::from(field == Field::DownloadUrl)];
                keep_first(slot, leaf, &mut self.keeper);
            }
            Place::Event => self.fill_event(field, leaf),
            Place::File if field == Field::FileName => self.event.file_name(leaf.text(), &mut self.keeper),
            Place::File => self.event.file_size(leaf.text()),
            Place::EventData => {
                let (name, value) = name_and_value(leaf);
                self.event.datum(name, value, &mut self.keeper);
            }
            Place::Description => {
                self.event.column(leaf.attribute(0), leaf.attribute(1), &mut self.keeper);
            }
            Place::Row => {
                let key = leaf.attribute(0).or(leaf.attribute(1));
                self.event.row_field(key, leaf.text(), &mut self.keeper);
            }
            _ => self.fill_session(field, leaf),
        }
    }

    fn finish(self, error: Option<&str>, replaced: u32, _position: u64) -> Result<SupportSession, ReportError> {
        // An error beside a session says that the answer is not whole.
        if let Some(text) = error {
            return Err(error_texts::meaning(text));
        }
        let mut session = self.session().map_err(|sentence| ReportError::NotReady { sentence })?;
        session.replaced_characters = session.replaced_characters.saturating_add(replaced);
        Ok(session)
    }
}

fn keep_first(slot: &mut Option<String>, leaf: &Leaf, keeper: &mut Keeper) {
    if slot.is_none() && !leaf.text().is_empty() {
        *slot = keeper.text(leaf.text());
    }
}

/// The appliance writes the word `Unknown` where it does not know a machine's name, system or address (observed by clients).
/// A person may be called so.
fn keep_first_known(slot: &mut Option<String>, field: Field, leaf: &Leaf, keeper: &mut Keeper) {
    let of_a_machine = matches!(field, Field::Hostname | Field::OperatingSystem | Field::PublicIp | Field::PrivateIp);
    if !(of_a_machine && leaf.text() == "Unknown") {
        keep_first(slot, leaf, keeper);
    }
}

fn flag(leaf: &Leaf) -> bool {
    matches!(leaf.text(), "1" | "true")
}

fn gsnumber(text: Option<&str>) -> Option<Gsnumber> {
    text?.trim().parse().ok().map(Gsnumber)
}

/// Zero and less stand for "unset".
fn unix_seconds(text: &str) -> Option<Timestamp> {
    let seconds = text.trim().parse::<i64>().ok().filter(|seconds| *seconds > 0)?;
    Timestamp::from_second(seconds).ok()
}

/// By the attribute; by the text where there is none.
pub(super) fn time(leaf: &Leaf) -> Option<Timestamp> {
    leaf.attribute(0).map_or_else(|| leaf.text().parse().ok(), unix_seconds)
}

fn person(leaf: &Leaf, keeper: &mut Keeper) -> Option<PersonReference> {
    let reference = PersonReference {
        gsnumber: gsnumber(leaf.attribute(0)),
        id: leaf.attribute(1).and_then(|id| keeper.text(id)),
        name: keeper.text(leaf.text()).unwrap_or_default(),
    };
    (reference.gsnumber.is_some() || reference.id.is_some() || !reference.name.is_empty()).then_some(reference)
}

fn custom_attribute(leaf: &Leaf, keeper: &mut Keeper) -> Option<CustomAttribute> {
    if leaf.text().is_empty() || !keeper.admits(size_of::<CustomAttribute>()) {
        return None;
    }
    Some(CustomAttribute {
        value: keeper.text(leaf.text())?,
        display_name: keeper.text(leaf.attribute(0).unwrap_or_default()).unwrap_or_default(),
        code_name: keeper.text(leaf.attribute(1).unwrap_or_default()).unwrap_or_default(),
    })
}

fn actor(leaf: &Leaf, keeper: &mut Keeper) -> Actor {
    let kind = match leaf.attribute(1).map(str::trim) {
        Some("system") => ActorKind::System,
        Some("customer") => ActorKind::Customer,
        Some("representative") => ActorKind::Representative,
        Some("everyone") => ActorKind::Everyone,
        _ => ActorKind::Other,
    };
    let gsnumber = gsnumber(leaf.attribute(0));
    Actor { kind, gsnumber, name: keeper.text(leaf.text()).unwrap_or_default() }
}

/// The two attributes; the text where there is no value.
fn name_and_value(leaf: &Leaf) -> (&str, &str) {
    (leaf.attribute(0).unwrap_or_default(), leaf.attribute(1).unwrap_or_else(|| leaf.text()))
}

/// Base64 as RFC 2045 writes it, blanks already left out. `None` if it is not base64. Bytes that are not UTF-8 are replaced; how often
/// is said beside.
fn decoded(leaf: &Leaf) -> Option<(String, u32)> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let text = leaf.text();
    // A text that was cut ends anywhere, a group of four characters does not.
    let whole = if leaf.cut { &text[..text.len() / 4 * 4] } else { text };
    let mut bytes = LENIENT.decode(whole).ok()?;
    if leaf.cut
        && let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        // The cut went through a character: it is left out, and not taken for a foreign byte.
        bytes.truncate(error.valid_up_to());
    }
    Some(String::from_utf8(bytes).map_or_else(|error| replaced(error.as_bytes()), |text| (text, 0)))
}

/// The text with U+FFFD for bytes that are not UTF-8, and how many of them there are.
fn replaced(bytes: &[u8]) -> (String, u32) {
    let count = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    (String::from_utf8_lossy(bytes).into_owned(), u32::try_from(count).unwrap_or(u32::MAX))
}
