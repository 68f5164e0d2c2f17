//! Which elements of a report we know, and where they may stand. By local name: the namespace differs between releases and
//! products, and some have none.
//!
//! Names as in the vendor reference and in reports observed by clients; the comments say which are neither.

/// Where in the report the reader is. An element that is not known at its place is [`Place::Skipped`], with all that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside of the root element.
    Document,
    /// The root of an answer.
    List,
    /// One session; whether it is the wanted one is seen from its attributes.
    Session,
    CustomAttributes,
    CommandShellRecordings,
    /// Shape assumed to be that of the command shell recordings.
    ShowMyScreenRecordings,
    Recording(RecordingKind),
    Customers,
    Customer,
    CustomerInfo,
    Representatives,
    Representative,
    Details,
    Event,
    Files,
    File,
    EventData,
    SystemInformation,
    Category,
    Description,
    Rows,
    Row,
    Surveys(Side),
    Survey(Side),
    /// An element whose text counts.
    Leaf(Field),
    /// Not known, not wanted, or over a bound.
    Skipped,
}

/// Which recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordingKind {
    CommandShell,
    ShowMyScreen,
}

/// Who filled in a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Customer,
    Representative,
}

/// Elements whose text counts, by what they fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Error,
    Sequence,
    StartTime,
    EndTime,
    PublicSite,
    ExternalKey,
    CustomAttribute,
    ChatViewUrl,
    ChatDownloadUrl,
    RecordingViewUrl,
    RecordingDownloadUrl,
    ViewUrl,
    DownloadUrl,
    PrimaryCustomer,
    PrimaryRepresentative,
    PrimaryTeam,
    JumpGroup,
    Jumpoint,
    // Of customers and representatives.
    Username,
    Hostname,
    OperatingSystem,
    PublicIp,
    PrivateIp,
    Primary,
    InfoName,
    Company,
    CompanyCode,
    Issue,
    InfoDetails,
    PublicDisplayName,
    PrivateDisplayName,
    DisplayName,
    Invited,
    SecondsInvolved,
    // Of events.
    PerformedBy,
    Destination,
    Body,
    EncodedBody,
    FileName,
    FileSize,
    DataValue,
    // Of system information.
    ColumnTitle,
    RowValue,
    // Of surveys.
    Answer,
}

/// What a kind of report calls its root and what stands in it. The rest is called alike in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) list: &'static str,
    pub(super) session: &'static str,
}

/// The place of an element of that local name at this place.
pub(super) fn child(place: Place, name: &str, names: &Names) -> Place {
    use Place as P;
    match place {
        P::Document if name == names.list => P::List,
        P::Document | P::List => in_list(name, names),
        P::Session => in_session(name),
        P::CustomAttributes => only(name, "custom_attribute", P::Leaf(Field::CustomAttribute)),
        P::CommandShellRecordings => only(name, "command_shell_recording", P::Recording(RecordingKind::CommandShell)),
        P::ShowMyScreenRecordings => only(name, "show_my_screen_recording", P::Recording(RecordingKind::ShowMyScreen)),
        P::Recording(_) => match name {
            "view_url" => P::Leaf(Field::ViewUrl),
            "download_url" => P::Leaf(Field::DownloadUrl),
            _ => P::Skipped,
        },
        P::Customers => only(name, "customer", P::Customer),
        P::Customer => in_customer(name),
        P::CustomerInfo => in_customer_info(name),
        P::Representatives => only(name, "representative", P::Representative),
        P::Representative => in_representative(name),
        P::Details => only(name, "event", P::Event),
        P::Event => in_event(name),
        P::Files => only(name, "file", P::File),
        P::File => in_file(name),
        P::EventData => only(name, "value", P::Leaf(Field::DataValue)),
        P::SystemInformation => only(name, "category", P::Category),
        P::Category => match name {
            "description" => P::Description,
            "data" => P::Rows,
            _ => P::Skipped,
        },
        P::Description => only(name, "field", P::Leaf(Field::ColumnTitle)),
        P::Rows => only(name, "row", P::Row),
        P::Row => only(name, "field", P::Leaf(Field::RowValue)),
        P::Surveys(Side::Customer) => only(name, "cust_exit_survey", P::Survey(Side::Customer)),
        P::Surveys(Side::Representative) => only(name, "rep_exit_survey", P::Survey(Side::Representative)),
        P::Survey(_) => only(name, "value", P::Leaf(Field::Answer)),
        P::Leaf(_) | P::Skipped => P::Skipped,
    }
}

fn only(name: &str, known: &str, place: Place) -> Place {
    if name == known { place } else { Place::Skipped }
}

fn in_list(name: &str, names: &Names) -> Place {
    match name {
        "error" => Place::Leaf(Field::Error),
        _ => only(name, names.session, Place::Session),
    }
}

fn in_session(name: &str) -> Place {
    use Field as F;
    use Place::{
        CommandShellRecordings, CustomAttributes, Customers, Details, Leaf, Representatives, ShowMyScreenRecordings, Surveys,
    };
    match name {
        "lseq" => Leaf(F::Sequence),
        "start_time" => Leaf(F::StartTime),
        "end_time" => Leaf(F::EndTime),
        "public_site" => Leaf(F::PublicSite),
        "external_key" => Leaf(F::ExternalKey),
        "custom_attributes" => CustomAttributes,
        "session_chat_view_url" => Leaf(F::ChatViewUrl),
        "session_chat_download_url" => Leaf(F::ChatDownloadUrl),
        "session_recording_view_url" => Leaf(F::RecordingViewUrl),
        "session_recording_download_url" => Leaf(F::RecordingDownloadUrl),
        "command_shell_recordings" => CommandShellRecordings,
        "show_my_screen_recordings" => ShowMyScreenRecordings,
        "primary_customer" => Leaf(F::PrimaryCustomer),
        "primary_rep" => Leaf(F::PrimaryRepresentative),
        "primary_team" => Leaf(F::PrimaryTeam),
        "jump_group" => Leaf(F::JumpGroup),
        "jumpoint" => Leaf(F::Jumpoint),
        "customer_list" => Customers,
        "rep_list" => Representatives,
        "session_details" => Details,
        "cust_survey_list" => Surveys(Side::Customer),
        "rep_survey_list" => Surveys(Side::Representative),
        // `session_type` is always `support`; `duration` and the file counts follow from the rest; nothing is written of
        // `rep_join_time` and `team_list` that the events do not say.
        _ => Place::Skipped,
    }
}

fn in_customer(name: &str) -> Place {
    match name {
        "username" => Place::Leaf(Field::Username),
        "primary_cust" => Place::Leaf(Field::Primary),
        "info" => Place::CustomerInfo,
        // Some clients read these beside `info`, some within.
        "company" => Place::Leaf(Field::Company),
        "company_code" => Place::Leaf(Field::CompanyCode),
        "issue" => Place::Leaf(Field::Issue),
        "details" => Place::Leaf(Field::InfoDetails),
        _ => in_participant(name),
    }
}

fn in_customer_info(name: &str) -> Place {
    match name {
        "name" => Place::Leaf(Field::InfoName),
        "company" => Place::Leaf(Field::Company),
        "company_code" => Place::Leaf(Field::CompanyCode),
        "issue" => Place::Leaf(Field::Issue),
        "details" => Place::Leaf(Field::InfoDetails),
        _ => Place::Skipped,
    }
}

fn in_representative(name: &str) -> Place {
    match name {
        "username" => Place::Leaf(Field::Username),
        "display_name" => Place::Leaf(Field::DisplayName),
        "public_display_name" => Place::Leaf(Field::PublicDisplayName),
        "private_display_name" => Place::Leaf(Field::PrivateDisplayName),
        "primary_rep" => Place::Leaf(Field::Primary),
        "invited" => Place::Leaf(Field::Invited),
        "seconds_involved" => Place::Leaf(Field::SecondsInvolved),
        _ => in_participant(name),
    }
}

fn in_participant(name: &str) -> Place {
    match name {
        "hostname" => Place::Leaf(Field::Hostname),
        "os" => Place::Leaf(Field::OperatingSystem),
        "public_ip" => Place::Leaf(Field::PublicIp),
        "private_ip" => Place::Leaf(Field::PrivateIp),
        _ => Place::Skipped,
    }
}

fn in_event(name: &str) -> Place {
    match name {
        "performed_by" => Place::Leaf(Field::PerformedBy),
        "destination" => Place::Leaf(Field::Destination),
        "body" => Place::Leaf(Field::Body),
        "encoded_body" => Place::Leaf(Field::EncodedBody),
        "data" => Place::EventData,
        "files" => Place::Files,
        "system_information" => Place::SystemInformation,
        _ => in_file(name),
    }
}

fn in_file(name: &str) -> Place {
    match name {
        "filename" => Place::Leaf(Field::FileName),
        "filesize" => Place::Leaf(Field::FileSize),
        _ => Place::Skipped,
    }
}

impl Place {
    /// The attributes that count, of which the second may be none (an empty name).
    pub(super) const fn attributes(self) -> [&'static str; 2] {
        match self {
            Self::Session => ["lsid", ""],
            Self::Customer | Self::Survey(_) => ["gsnumber", ""],
            Self::Representative => ["gsnumber", "id"],
            Self::Event => ["timestamp", "event_type"],
            Self::Category => ["name", ""],
            _ => ["", ""],
        }
    }
}

impl Field {
    /// The attributes that count.
    pub(super) const fn attributes(self) -> [&'static str; 2] {
        match self {
            Self::StartTime | Self::EndTime => ["timestamp", ""],
            Self::CustomAttribute => ["display_name", "code_name"],
            Self::PrimaryCustomer | Self::PrimaryRepresentative => ["gsnumber", "id"],
            Self::Jumpoint => ["", "id"],
            Self::PerformedBy | Self::Destination => ["gsnumber", "type"],
            Self::DataValue | Self::Answer => ["name", "value"],
            Self::ColumnTitle | Self::RowValue => ["id", "name"],
            _ => ["", ""],
        }
    }
}
