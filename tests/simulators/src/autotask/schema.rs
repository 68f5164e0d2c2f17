//! The entities of Autotask that we simulate: their fields, types, limits and picklists, as the vendor's contract has them
//! (vendor reference, section 4). Data only; [`super::input`], [`super::query`] and [`super::metadata`] use it.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number: int and long of the contract.
    Integer,
    /// A number with four decimals.
    Decimal,
    /// True or false.
    Boolean,
    /// Text of at most so many characters.
    Text(usize),
    /// An instant in UTC.
    DateTime,
    /// A day, stored as its midnight in UTC.
    Date,
    /// Base64 without a limit of its own.
    Base64,
    /// `[{"name", "value"}]`
    UserDefined,
}

/// The values of a picklist field: id, label, whether it belongs to the system.
pub(crate) type Picklist = &'static [(i64, &'static str, bool)];

/// One field of an entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Must be there on create.
    pub(crate) required: bool,
    /// Accepted in writes and ignored.
    pub(crate) read_only: bool,
    /// May be used in filters and includeFields.
    pub(crate) queryable: bool,
    pub(crate) picklist: Option<Picklist>,
    /// The entity that an id refers to.
    pub(crate) reference: Option<&'static str>,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, read_only: false, queryable: true, picklist: None, reference: None }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    const fn not_queryable(mut self) -> Self {
        self.queryable = false;
        self
    }

    const fn one_of(mut self, picklist: Picklist) -> Self {
        self.picklist = Some(picklist);
        self
    }

    const fn of(mut self, entity: &'static str) -> Self {
        self.reference = Some(entity);
        self
    }
}

const fn int(name: &'static str) -> Field {
    Field::new(name, Kind::Integer)
}

const fn dec(name: &'static str) -> Field {
    Field::new(name, Kind::Decimal)
}

const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Boolean)
}

const fn text(name: &'static str, characters_max: usize) -> Field {
    Field::new(name, Kind::Text(characters_max))
}

const fn time(name: &'static str) -> Field {
    Field::new(name, Kind::DateTime)
}

const fn id() -> Field {
    int("id").read_only()
}

/// Which calls an entity has at its root path; children are told by [`super::route`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// Read and query.
    ReadOnly,
    /// Writes exist at the real one and not here.
    NotSimulated,
    /// POST, PATCH as well.
    CreateUpdate,
    /// POST, PATCH and DELETE as well.
    CreateUpdateDelete,
}

/// One entity.
#[derive(Debug)]
pub(crate) struct Entity {
    /// The plural of the path.
    pub(crate) path: &'static str,
    /// The singular of messages and metadata.
    pub(crate) name: &'static str,
    pub(crate) root: Root,
    pub(crate) fields: &'static [Field],
}

impl Entity {
    /// The field of this name, in any case.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The label of a picklist value.
    pub(crate) fn label(&self, field: &str, value: i64) -> Option<&'static str> {
        let picklist = self.field(field)?.picklist?;
        picklist.iter().find(|(id, _, _)| *id == value).map(|(_, label, _)| *label)
    }
}

/// The entity of this path, in any case.
pub(crate) fn entity(path: &str) -> Option<&'static Entity> {
    ENTITIES.iter().find(|entity| entity.path.eq_ignore_ascii_case(path)).copied()
}

/// Status "Complete" (a system id at every tenant).
pub(crate) const STATUS_COMPLETE: i64 = 5;
/// The customer sees it (vendor's help; the label reads otherwise).
pub(crate) const PUBLISH_ALL: i64 = 1;

const STATUS: Picklist = &[
    (1, "New", true),
    (5, "Complete", true),
    (7, "Waiting Customer", true),
    (8, "In Progress", false),
    (9, "Waiting Materials", false),
    (12, "Customer Note Added", false),
];
const PRIORITY: Picklist = &[(1, "High", false), (2, "Medium", false), (3, "Low", false), (4, "Critical", false)];
const QUEUE: Picklist = &[(201, "Level I Support", false), (202, "Level II Support", false), (5, "Client Portal", true)];
const SOURCE: Picklist = &[(-1, "Client Portal", true), (2, "Phone", false), (4, "Email", false), (8, "Monitoring Alert", true)];
const ISSUE_TYPE: Picklist = &[(10, "Computer", false), (11, "Printer", false), (12, "Network", false)];
const SUB_ISSUE_TYPE: Picklist = &[(136, "Hardware", false), (137, "Driver", false), (138, "Connectivity", false)];
const TICKET_TYPE: Picklist =
    &[(1, "Service Request", true), (2, "Incident", true), (3, "Problem", true), (4, "Change Request", true), (5, "Alert", true)];
const TICKET_CATEGORY: Picklist = &[(2, "AEM Alert", true), (3, "Standard", true)];
const NOTE_TYPE: Picklist = &[
    (1, "Task Summary", false),
    (2, "Task Detail", false),
    (3, "Task Notes", false),
    (13, "Workflow Rule Note - Task", true),
    (15, "Duplicate Ticket Note", true),
    (17, "Survey Note", true),
    (18, "Client Portal Note", true),
    (99, "RMM Note", true),
];
const NOTE_PUBLISH: Picklist =
    &[(1, "All Autotask Users", true), (2, "Internal Project Team", true), (4, "Internal & Co-Managed", true)];
const ATTACHMENT_PUBLISH: Picklist =
    &[(1, "All Autotask Users", true), (2, "Internal Users Only", true), (4, "Internal & Co-Managed", true)];
const ATTACHMENT_TYPE_TEXT: usize = 50;
const TIME_ENTRY_TYPE: Picklist = &[(2, "IssueTask", true), (6, "ProjectTask", true)];
const LICENSE_TYPE: Picklist = &[(1, "Professional", true), (7, "API User", true)];
const USE_TYPE: Picklist = &[
    (1, "General Allocation Code", true),
    (2, "Expense Category", true),
    (3, "Non-billable", true),
    (4, "Material Cost Code", true),
];
const CONTRACT_STATUS: Picklist = &[(0, "Inactive", true), (1, "Active", true)];
const COMPANY_TYPE: Picklist = &[(1, "Customer", true), (2, "Lead", true), (3, "Prospect", true)];

/// Tickets.
pub(crate) static TICKETS: Entity = Entity {
    path: "Tickets",
    name: "Ticket",
    root: Root::CreateUpdate,
    fields: &[
        id(),
        int("companyID").required().of("Companies"),
        text("title", 255).required(),
        int("status").required().one_of(STATUS),
        int("priority").required().one_of(PRIORITY),
        int("queueID").one_of(QUEUE),
        text("description", 8000),
        time("dueDateTime"),
        int("assignedResourceID").of("Resources"),
        int("assignedResourceRoleID").of("Roles"),
        int("contactID").of("Contacts"),
        int("configurationItemID").of("ConfigurationItems"),
        int("contractID").of("Contracts"),
        int("contractServiceID"),
        int("contractServiceBundleID"),
        int("companyLocationID"),
        int("billingCodeID").of("BillingCodes"),
        int("ticketCategory").one_of(TICKET_CATEGORY),
        int("ticketType").one_of(TICKET_TYPE),
        int("source").one_of(SOURCE),
        int("issueType").one_of(ISSUE_TYPE),
        int("subIssueType").one_of(SUB_ISSUE_TYPE),
        int("serviceLevelAgreementID"),
        text("resolution", 32000),
        text("externalID", 50),
        text("purchaseOrderNumber", 50),
        text("ticketNumber", 50),
        dec("estimatedHours"),
        int("createdByContactID").of("Contacts"),
        int("projectID"),
        int("opportunityID"),
        int("problemTicketId"),
        int("organizationalLevelAssociationID"),
        int("monitorID"),
        int("monitorTypeID"),
        flag("isAssignedToComanaged"),
        flag("isVisibleToComanaged"),
        text("changeInfoField1", 8000),
        text("changeInfoField2", 8000),
        text("changeInfoField3", 8000),
        text("changeInfoField4", 8000),
        text("changeInfoField5", 8000),
        int("changeApprovalBoard"),
        int("changeApprovalStatus"),
        int("changeApprovalType"),
        int("rmaStatus"),
        int("rmaType"),
        Field::new("userDefinedFields", Kind::UserDefined).not_queryable(),
        int("apiVendorID").read_only(),
        time("createDate").read_only(),
        int("creatorResourceID").read_only().of("Resources"),
        int("creatorType").read_only().not_queryable(),
        time("completedDate").read_only(),
        int("completedByResourceID").read_only().of("Resources"),
        time("lastActivityDate").read_only(),
        int("lastActivityResourceID").read_only().of("Resources"),
        int("lastActivityPersonType").read_only().not_queryable(),
        time("lastCustomerNotificationDateTime").read_only(),
        time("lastCustomerVisibleActivityDateTime").read_only(),
        time("lastTrackedModificationDateTime").read_only(),
        time("firstResponseDateTime").read_only(),
        time("firstResponseDueDateTime").read_only(),
        time("resolutionPlanDateTime").read_only(),
        time("resolutionPlanDueDateTime").read_only(),
        time("resolvedDateTime").read_only(),
        time("resolvedDueDateTime").read_only(),
        flag("serviceLevelAgreementHasBeenMet").read_only(),
        dec("hoursToBeScheduled").read_only(),
        int("impersonatorCreatorResourceID").read_only(),
        text("rmmAlertID", 50).read_only(),
    ],
};

/// Notes on tickets.
pub(crate) static TICKET_NOTES: Entity = Entity {
    path: "TicketNotes",
    name: "TicketNote",
    root: Root::ReadOnly,
    fields: &[
        id(),
        int("ticketID").of("Tickets"),
        text("title", 250),
        text("description", 32000).required(),
        int("noteType").required().one_of(NOTE_TYPE),
        int("publish").required().one_of(NOTE_PUBLISH),
        int("createdByContactID").of("Contacts"),
        time("createDateTime").read_only(),
        int("creatorResourceID").read_only().of("Resources"),
        time("lastActivityDate").read_only(),
        int("impersonatorCreatorResourceID").read_only().of("Resources"),
        int("impersonatorUpdaterResourceID").read_only().of("Resources"),
    ],
};

/// Time entries.
pub(crate) static TIME_ENTRIES: Entity = Entity {
    path: "TimeEntries",
    name: "TimeEntry",
    root: Root::CreateUpdateDelete,
    fields: &[
        id(),
        int("ticketID").of("Tickets"),
        int("taskID"),
        int("internalBillingCodeID").of("BillingCodes"),
        int("resourceID").of("Resources"),
        int("roleID").of("Roles"),
        time("startDateTime"),
        time("endDateTime"),
        Field::new("dateWorked", Kind::Date),
        dec("hoursWorked"),
        dec("offsetHours"),
        text("summaryNotes", 32000),
        text("internalNotes", 32000),
        int("billingCodeID").of("BillingCodes"),
        int("contractID").of("Contracts"),
        int("contractServiceID"),
        int("contractServiceBundleID"),
        flag("isNonBillable"),
        flag("showOnInvoice"),
        flag("isInternalNotesVisibleToComanaged"),
        int("timeEntryType").read_only().one_of(TIME_ENTRY_TYPE),
        time("createDateTime").read_only(),
        int("creatorUserID").read_only().of("Resources"),
        dec("hoursToBill").read_only(),
        time("lastModifiedDateTime").read_only(),
        int("lastModifiedUserID").read_only().of("Resources"),
        int("billingApprovalLevelMostRecent").read_only(),
        time("billingApprovalDateTime"),
        int("billingApprovalResourceID"),
        int("impersonatorCreatorResourceID").read_only().of("Resources"),
        int("impersonatorUpdaterResourceID").read_only().of("Resources"),
    ],
};

macro_rules! attachment_fields {
    ($($own:expr),* $(,)?) => {
        &[
            id(),
            text("attachmentType", ATTACHMENT_TYPE_TEXT).required(),
            text("fullPath", 255).required(),
            text("title", 255).required(),
            int("publish").required().one_of(ATTACHMENT_PUBLISH),
            Field::new("data", Kind::Base64).required().not_queryable(),
            text("contentType", 100).read_only(),
            int("parentID").read_only(),
            int("parentType").read_only(),
            time("attachDate").read_only(),
            int("attachedByResourceID").read_only().of("Resources"),
            int("attachedByContactID").read_only().of("Contacts"),
            int("creatorType").read_only().not_queryable(),
            int("fileSize").read_only().not_queryable(),
            int("ticketID").read_only().of("Tickets"),
            $($own),*
        ]
    };
}

/// Attachments of tickets.
pub(crate) static TICKET_ATTACHMENTS: Entity =
    Entity { path: "TicketAttachments", name: "TicketAttachment", root: Root::ReadOnly, fields: attachment_fields![] };

/// Attachments of notes. They know no time entry.
pub(crate) static TICKET_NOTE_ATTACHMENTS: Entity = Entity {
    path: "TicketNoteAttachments",
    name: "TicketNoteAttachment",
    root: Root::ReadOnly,
    fields: attachment_fields![int("ticketNoteID").read_only().of("TicketNotes")],
};

/// Attachments of time entries. They know no note.
pub(crate) static TIME_ENTRY_ATTACHMENTS: Entity = Entity {
    path: "TimeEntryAttachments",
    name: "TimeEntryAttachment",
    root: Root::ReadOnly,
    fields: attachment_fields![int("timeEntryID").read_only().of("TimeEntries")],
};

/// All attachments, without their data.
pub(crate) static ATTACHMENT_INFO: Entity = Entity {
    path: "AttachmentInfo",
    name: "AttachmentInfo",
    root: Root::ReadOnly,
    fields: attachment_fields![
        int("ticketNoteID").read_only().of("TicketNotes"),
        int("timeEntryID").read_only().of("TimeEntries"),
    ],
};

/// People who work for the tenant, and its API users.
pub(crate) static RESOURCES: Entity = Entity {
    path: "Resources",
    name: "Resource",
    root: Root::NotSimulated,
    fields: &[
        id(),
        text("userName", 32),
        text("email", 254),
        text("email2", 254),
        text("email3", 254),
        text("firstName", 50),
        text("lastName", 50),
        flag("isActive"),
        int("licenseType").one_of(LICENSE_TYPE),
        int("userType"),
        text("resourceType", 50),
        int("defaultServiceDeskRoleID").of("Roles"),
    ],
};

/// Roles.
pub(crate) static ROLES: Entity = Entity {
    path: "Roles",
    name: "Role",
    root: Root::NotSimulated,
    fields: &[id(), text("name", 200), flag("isActive"), flag("isSystemRole"), dec("hourlyRate"), dec("hourlyFactor")],
};

/// Which resource holds which role in a queue or department; active rows only.
pub(crate) static RESOURCE_ROLES: Entity = Entity {
    path: "ResourceRoles",
    name: "ResourceRole",
    root: Root::ReadOnly,
    fields: &[
        id(),
        int("resourceID").of("Resources"),
        int("roleID").of("Roles"),
        int("queueID"),
        int("departmentID"),
        flag("isActive"),
    ],
};

/// The service desk roles of resources.
pub(crate) static RESOURCE_SERVICE_DESK_ROLES: Entity = Entity {
    path: "ResourceServiceDeskRoles",
    name: "ResourceServiceDeskRole",
    root: Root::ReadOnly,
    fields: &[id(), int("resourceID").of("Resources"), int("roleID").of("Roles"), flag("isDefault"), flag("isActive")],
};

/// Companies; 0 is the tenant itself.
pub(crate) static COMPANIES: Entity = Entity {
    path: "Companies",
    name: "Company",
    root: Root::NotSimulated,
    fields: &[
        id(),
        text("companyName", 100),
        text("companyNumber", 50),
        int("companyType").one_of(COMPANY_TYPE),
        int("ownerResourceID").of("Resources"),
        int("parentCompanyID").of("Companies"),
        text("webAddress", 255),
        text("phone", 25),
        flag("isActive"),
        time("createDate").read_only(),
        time("lastActivityDate").read_only(),
    ],
};

/// Contacts. `isActive` is an integer here, and a boolean everywhere else (vendor's contract).
pub(crate) static CONTACTS: Entity = Entity {
    path: "Contacts",
    name: "Contact",
    root: Root::ReadOnly,
    fields: &[
        id(),
        int("companyID").of("Companies"),
        text("firstName", 50),
        text("lastName", 50),
        text("emailAddress", 254),
        text("emailAddress2", 254),
        text("emailAddress3", 254),
        text("phone", 25),
        int("isActive"),
        flag("primaryContact"),
        flag("receivesEmailNotifications"),
    ],
};

/// Devices and what else a company has; `rmmDeviceAuditHostname` is what a management agent reports.
pub(crate) static CONFIGURATION_ITEMS: Entity = Entity {
    path: "ConfigurationItems",
    name: "ConfigurationItem",
    root: Root::NotSimulated,
    fields: &[
        id(),
        int("companyID").of("Companies"),
        int("contactID").of("Contacts"),
        int("configurationItemType"),
        int("productID"),
        text("referenceTitle", 200),
        text("referenceNumber", 100),
        text("serialNumber", 100),
        text("rmmDeviceAuditHostname", 255).read_only(),
        flag("isActive"),
    ],
};

/// Work types and their kin.
pub(crate) static BILLING_CODES: Entity = Entity {
    path: "BillingCodes",
    name: "BillingCode",
    root: Root::ReadOnly,
    fields: &[id(), text("name", 200), int("useType").one_of(USE_TYPE), int("billingCodeType"), flag("isActive")],
};

/// Contracts.
pub(crate) static CONTRACTS: Entity = Entity {
    path: "Contracts",
    name: "Contract",
    root: Root::NotSimulated,
    fields: &[
        id(),
        int("companyID").of("Companies"),
        text("contractName", 100),
        int("status").one_of(CONTRACT_STATUS),
        time("startDate"),
        time("endDate"),
        flag("isDefaultContract"),
        int("timeReportingRequiresStartAndStopTimes"),
    ],
};

/// Every entity that the simulator has.
pub(crate) static ENTITIES: [&Entity; 16] = [
    &TICKETS,
    &TICKET_NOTES,
    &TIME_ENTRIES,
    &TICKET_ATTACHMENTS,
    &TICKET_NOTE_ATTACHMENTS,
    &TIME_ENTRY_ATTACHMENTS,
    &ATTACHMENT_INFO,
    &RESOURCES,
    &ROLES,
    &RESOURCE_ROLES,
    &RESOURCE_SERVICE_DESK_ROLES,
    &COMPANIES,
    &CONTACTS,
    &CONFIGURATION_ITEMS,
    &BILLING_CODES,
    &CONTRACTS,
];
