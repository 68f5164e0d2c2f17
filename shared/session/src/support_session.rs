//! One support session as the appliance reports it, free of XML.
//!
//! Every part but the lsid may be missing: reports of running, abandoned or old sessions lack much. Filled by the
//! `appliance` crate, which also bounds it: a report of any size becomes a value of a few MiB at most ([`Omitted`]
//! says what was left out). Decides nothing.

use jiff::Timestamp;

use crate::ids::{Gsnumber, Lsid};

/// One support session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportSession {
    /// The session's id.
    pub lsid: Lsid,
    /// The appliance's running number of the session (`lseq`): what technicians call it by.
    pub sequence: Option<u64>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None` while it runs and after an abnormal close.
    pub ended_at: Option<Timestamp>,
    /// Name of the public site it started from.
    pub public_site: Option<String>,
    /// The external key at the end of the session, trimmed; never empty.
    pub external_key: Option<String>,
    /// Custom attributes that have a value.
    pub custom_attributes: Vec<CustomAttribute>,
    /// Links; each holds a hash and is as good as a password to the transcript.
    pub links: Links,
    /// The customer whom the session was about.
    pub primary_customer: Option<PersonReference>,
    /// The representative who owned it at the end; `None` if nobody joined.
    pub primary_representative: Option<PersonReference>,
    /// The team it was in.
    pub primary_team: Option<String>,
    /// The jump group of a jump session.
    pub jump_group: Option<String>,
    /// The jumpoint of a jump session.
    pub jumpoint: Option<String>,
    /// All customers.
    pub customers: Vec<Customer>,
    /// All representatives; one who left and joined again appears once per connection.
    pub representatives: Vec<Representative>,
    /// What happened, in the order of the report.
    pub events: Vec<SessionEvent>,
    /// Customer exit surveys, those without an answer included.
    pub customer_surveys: Vec<Survey>,
    /// Representative exit surveys, likewise.
    pub representative_surveys: Vec<Survey>,
    /// What the reader left out to stay within its bounds.
    pub omitted: Omitted,
    /// How many characters of the answer could not be read, because bytes in it were not UTF-8: U+FFFD stands for each. Counted in
    /// the whole answer, also in what is not kept. Zero for nearly every session; for a log line, no note says it.
    pub replaced_characters: u32,
}

impl SupportSession {
    /// A session of which nothing is known but its id.
    #[must_use]
    pub fn empty(lsid: Lsid) -> Self {
        Self {
            lsid,
            sequence: None,
            started_at: None,
            ended_at: None,
            public_site: None,
            external_key: None,
            custom_attributes: Vec::new(),
            links: Links::default(),
            primary_customer: None,
            primary_representative: None,
            primary_team: None,
            jump_group: None,
            jumpoint: None,
            customers: Vec::new(),
            representatives: Vec::new(),
            events: Vec::new(),
            customer_surveys: Vec::new(),
            representative_surveys: Vec::new(),
            omitted: Omitted::default(),
            replaced_characters: 0,
        }
    }
}

/// When a session ended, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The report says so.
    Reported(Timestamp),
    /// The report has no end; this is when the appliance announced it. The note says so.
    TakenFromEvent(Timestamp),
    /// Neither says; this is the last thing that happened. Good for the note, which says so, and for no invoice.
    LastEvent(Timestamp),
    /// Nobody knows.
    Unknown,
}

impl Ended {
    /// The time, however it is known.
    #[must_use]
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::Reported(at) | Self::TakenFromEvent(at) | Self::LastEvent(at) => Some(at),
            Self::Unknown => None,
        }
    }
}

/// A custom attribute of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomAttribute {
    /// The name that people see.
    pub display_name: String,
    /// The name that programs use.
    pub code_name: String,
    /// Its value; never empty.
    pub value: String,
}

/// Links to recordings and transcripts. The appliance keeps what they lead to for 90 days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The chat, to look at (or to download where there is no other).
    pub chat_view: Option<String>,
    /// The screen recording, to look at.
    pub recording_view: Option<String>,
    /// The screen recording, to download.
    pub recording_download: Option<String>,
    /// Recordings of command shells, to look at (or to download where there is no other).
    pub command_shells: Vec<String>,
    /// Recordings of "show my screen", to look at (or to download).
    pub show_my_screen: Vec<String>,
}

/// A participant named by an element such as `primary_rep`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonReference {
    /// The connection it points to.
    pub gsnumber: Option<Gsnumber>,
    /// The permanent user id, for representatives.
    pub id: Option<String>,
    /// The name shown; may be empty.
    pub name: String,
}

/// A customer's connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customer {
    /// The connection.
    pub gsnumber: Option<Gsnumber>,
    /// The name shown.
    pub name: Option<String>,
    /// The computer's name. The literal `Unknown` of the appliance is `None`.
    pub hostname: Option<String>,
    /// The operating system, likewise.
    pub operating_system: Option<String>,
    /// Address and port as reported.
    pub public_ip: Option<String>,
    /// Address as reported.
    pub private_ip: Option<String>,
    /// Whether the report marks this one as primary.
    pub primary: bool,
    /// What the customer typed on the front page.
    pub info: CustomerInfo,
}

/// What the customer typed on the front page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerInfo {
    /// Name.
    pub name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Company code.
    pub company_code: Option<String>,
    /// Issue chosen.
    pub issue: Option<String>,
    /// Details typed.
    pub details: Option<String>,
}

/// A representative's connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Representative {
    /// The connection.
    pub gsnumber: Option<Gsnumber>,
    /// The permanent user id; the same for every connection of one person.
    pub id: Option<String>,
    /// The login name.
    pub username: Option<String>,
    /// The name for colleagues.
    pub private_display_name: Option<String>,
    /// The name for customers.
    pub public_display_name: Option<String>,
    /// The computer's name.
    pub hostname: Option<String>,
    /// The operating system.
    pub operating_system: Option<String>,
    /// Whether the report marks this one as primary.
    pub primary: bool,
    /// Whether this one was invited from outside for this session only.
    pub invited: bool,
    /// How long the appliance says this connection was involved.
    pub seconds_involved: Option<u64>,
}

impl Representative {
    /// The name for colleagues, else the one for customers, else the login name.
    #[must_use]
    pub fn colleague_name(&self) -> Option<&str> {
        self.private_display_name.as_deref().or(self.public_display_name.as_deref()).or(self.username.as_deref())
    }

    /// The name for customers, else the one for colleagues.
    #[must_use]
    pub fn customer_name(&self) -> Option<&str> {
        self.public_display_name.as_deref().or(self.private_display_name.as_deref())
    }
}

/// Something that happened in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEvent {
    /// When, in whole seconds.
    pub at: Option<Timestamp>,
    /// What; the vendor's `event_type`.
    pub kind: SessionEventKind,
    /// Who did it.
    pub performed_by: Option<Actor>,
    /// To whom.
    pub destination: Option<Actor>,
    /// The chat line, the note, the key: decoded from `body` or `encoded_body`.
    pub body: Option<String>,
    /// Files named by the event, from whichever of the three places the report names them in.
    pub files: Vec<FileReference>,
    /// The event's own name and value pairs, files left out.
    pub data: Vec<(String, String)>,
    /// System information, if the event brought some.
    pub system_information: Vec<SystemCategory>,
}

impl SessionEvent {
    /// The value of that name among [`Self::data`].
    #[must_use]
    pub fn datum(&self, name: &str) -> Option<&str> {
        self.data.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The kinds of events that are treated in a way of their own. All others keep the vendor's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEventKind {
    /// `Session Start`.
    SessionStart,
    /// `Session End`.
    SessionEnd,
    /// `Conference Member Added`.
    MemberAdded,
    /// `Conference Member Departed`.
    MemberDeparted,
    /// `Chat Message`.
    ChatMessage,
    /// `Session Note Added`.
    SessionNoteAdded,
    /// `Files Shared`.
    FilesShared,
    /// `File Upload`: representative to customer.
    FileUpload,
    /// `File Upload Failed`.
    FileUploadFailed,
    /// `File Download`: customer to representative.
    FileDownload,
    /// `File Download Failed`.
    FileDownloadFailed,
    /// `File Moved`.
    FileMoved,
    /// `File Deleted`.
    FileDeleted,
    /// `Directory Created`.
    DirectoryCreated,
    /// `Command Shell Session Started`.
    CommandShellStarted,
    /// `Special Action Executed`.
    SpecialAction,
    /// `System Information Retrieved`.
    SystemInformationRetrieved,
    /// Any other, under the vendor's name.
    Other(String),
}

impl SessionEventKind {
    /// The kind of that vendor name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "Session Start" => Self::SessionStart,
            "Session End" => Self::SessionEnd,
            "Conference Member Added" => Self::MemberAdded,
            "Conference Member Departed" => Self::MemberDeparted,
            "Chat Message" => Self::ChatMessage,
            "Session Note Added" => Self::SessionNoteAdded,
            "Files Shared" => Self::FilesShared,
            "File Upload" => Self::FileUpload,
            "File Upload Failed" => Self::FileUploadFailed,
            "File Download" => Self::FileDownload,
            "File Download Failed" => Self::FileDownloadFailed,
            "File Moved" => Self::FileMoved,
            "File Deleted" => Self::FileDeleted,
            "Directory Created" => Self::DirectoryCreated,
            "Command Shell Session Started" => Self::CommandShellStarted,
            "Special Action Executed" => Self::SpecialAction,
            "System Information Retrieved" => Self::SystemInformationRetrieved,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Who did something, or to whom it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What sort of participant. System lines are known by this, not by the product's name.
    pub kind: ActorKind,
    /// The connection; `0` is the system.
    pub gsnumber: Option<Gsnumber>,
    /// The name shown.
    pub name: String,
}

/// What sort of participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// The appliance itself.
    System,
    /// A customer.
    Customer,
    /// A representative.
    Representative,
    /// Everyone in the session.
    Everyone,
    /// Something we do not know.
    Other,
}

/// A file that was moved in or out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReference {
    /// Name, often with its path.
    pub name: String,
    /// Size in bytes.
    pub bytes: Option<u64>,
}

/// One category of system information, such as `General` or `Disks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemCategory {
    /// The category's name.
    pub name: String,
    /// Rows of (column title, value), trimmed; empty values left out. One row: a list of properties; several: a table.
    pub rows: Vec<Vec<(String, String)>>,
}

/// Who filled in a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SurveyKind {
    /// A customer.
    Customer,
    /// A representative.
    Representative,
}

/// One exit survey. It may be [blank](Self::is_blank): the form was sent off with nothing in it. Such a one counts as a survey that
/// has come, and there is nothing to be written of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Whose connection filled it in; the surveys of one kind in a session are told apart by it.
    pub gsnumber: Option<Gsnumber>,
    /// Question and answer, the literal `\n` of the appliance already turned into line breaks. Either may be empty, and so may the
    /// list.
    pub answers: Vec<(String, String)>,
}

impl Survey {
    /// Whether nothing was answered: there are no answers, or none with more than white space in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.answers.iter().all(|(_, answer)| answer.trim().is_empty())
    }
}

/// What the reader left out to stay within its bounds. All zero for nearly every session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Omitted {
    /// Events dropped, or texts of events cut, because the session's texts exceed what a note and its attachment can hold.
    pub events: u64,
}
