//! Which fields a new ticket can have, under which names they are given, and which of two givers counts. Pure: what a name stands for is
//! asked in `names`.
//!
//! Names are those of the REST API and those of the old plugin, which had the older API's (`accountName`, `allocationCodeID`); compared
//! without case. `null` and an empty text mean "not said".

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What a field takes, and so how its value becomes one that Autotask takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text of at most so many characters (vendor reference).
    Text(usize),
    /// An id, as it is.
    Id,
    /// A number, as it is.
    Number,
    /// A moment, RFC 3339.
    Moment,
    /// A value of a list that the tenant keeps: its id or its label.
    Picklist,
    /// A company: its id or its name.
    Company,
    /// A contact of the company: its id, e-mail address or name.
    Contact,
    /// A configuration item of the company: its id, its name or its host name.
    ConfigurationItem,
    /// A resource: its id, e-mail address or user name.
    Resource,
    /// A role: its id or its name.
    Role,
    /// A work type: its id or its name.
    WorkType,
}

/// A field of a ticket.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in the REST API.
    pub(super) name: &'static str,
    /// Further names under which it is given.
    aliases: &'static [&'static str],
    pub(super) kind: Kind,
}

const fn field(name: &'static str, aliases: &'static [&'static str], kind: Kind) -> Field {
    Field { name, aliases, kind }
}

/// All that can be given. The order is that in which they become ids: contacts and devices are searched within the company.
pub(super) static FIELDS: [Field; 21] = [
    field("companyID", &["accountID", "companyName", "accountName"], Kind::Company),
    field("title", &[], Kind::Text(255)),
    field("description", &[], Kind::Text(8000)),
    field("status", &["statusName"], Kind::Picklist),
    field("priority", &["priorityName"], Kind::Picklist),
    field("queueID", &["queueName"], Kind::Picklist),
    field("ticketCategory", &["ticketCategoryName"], Kind::Picklist),
    field("ticketType", &["ticketTypeName"], Kind::Picklist),
    field("source", &["sourceName"], Kind::Picklist),
    field("issueType", &["issueTypeName"], Kind::Picklist),
    field("subIssueType", &["subIssueTypeName"], Kind::Picklist),
    field("serviceLevelAgreementID", &["serviceLevelAgreementName"], Kind::Picklist),
    field("contactID", &["contactName", "contactEmail"], Kind::Contact),
    field(
        "configurationItemID",
        &["installedProductID", "configurationItemName", "installedProductName"],
        Kind::ConfigurationItem,
    ),
    field("assignedResourceID", &["assignedResourceName"], Kind::Resource),
    field("assignedResourceRoleID", &["assignedResourceRoleName"], Kind::Role),
    field("billingCodeID", &["allocationCodeID", "billingCodeName", "allocationCodeName"], Kind::WorkType),
    field("contractID", &[], Kind::Id),
    field("purchaseOrderNumber", &[], Kind::Text(50)),
    field("estimatedHours", &[], Kind::Number),
    field("dueDateTime", &[], Kind::Moment),
];

/// The field that is given under that name.
pub(super) fn find(name: &str) -> Option<&'static Field> {
    let is_it = |other: &&str| other.eq_ignore_ascii_case(name.trim());
    FIELDS.iter().find(|field| is_it(&field.name) || field.aliases.iter().any(is_it))
}

/// What is said of a ticket: values by the REST names of their fields, and what means nothing to Autotask.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) values: BTreeMap<&'static str, Value>,
    /// Names and values of the session's key that are no fields of a ticket.
    pub(super) foreign: Vec<(String, String)>,
}

/// The session's own fields come before those of every ticket, under whatever name either is given.
pub(super) fn said(of_every_ticket: &BTreeMap<String, Value>, of_the_session: &Map<String, Value>) -> Said {
    let mut said = Said::default();
    for (name, value) in of_every_ticket.iter().filter(|(_, value)| is_said(value)) {
        if let Some(field) = find(name) {
            said.values.insert(field.name, value.clone());
        }
    }
    for (name, value) in of_the_session.iter().filter(|(_, value)| is_said(value)) {
        match find(name) {
            Some(field) => {
                said.values.insert(field.name, value.clone());
            }
            None => said.foreign.push((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
        }
    }
    said
}

fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}

/// The names that are no fields of a ticket.
pub(crate) fn unknown_names(fields: &BTreeMap<String, Value>) -> impl Iterator<Item = &str> {
    fields.keys().map(String::as_str).filter(|name| find(name).is_none())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    fn every_ticket(value: Value) -> BTreeMap<String, Value> {
        map(value).into_iter().collect()
    }

    #[test]
    fn key_comes_before_the_connection_under_whatever_name() {
        let said = said(
            &every_ticket(json!({ "companyID": 501, "queueID": 201, "priority": "High" })),
            &map(json!({ "accountName": "Acme, Inc.", "PRIORITY": null, "queueName": " " })),
        );
        assert_eq!(said.values["companyID"], "Acme, Inc.");
        assert_eq!((&said.values["queueID"], &said.values["priority"]), (&json!(201), &json!("High")));
    }

    #[test]
    fn old_plugins_default_data_is_taken_as_it_is() {
        let text = r#"{ "accountName": "Acme, Inc.", "userAgentID": null, "allocationCodeID": null,
                        "assignedResourceName": "defaultuser1", "assignedResourceRoleName": "Customer Service Representative" }"#;
        let defaults: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
        let said = said(&defaults, &Map::new());
        let names: Vec<_> = said.values.keys().copied().collect();
        assert_eq!(names, ["assignedResourceID", "assignedResourceRoleID", "companyID"]);
        assert_eq!(unknown_names(&defaults).collect::<Vec<_>>(), ["userAgentID"]);
    }

    #[test]
    fn what_is_no_field_is_kept_and_the_tickets_own_ids_cannot_be_given() {
        let said = said(&BTreeMap::new(), &map(json!({ "asset": "LAB2", "id": 7, "externalID": "x", "ticketNumber": "T1" })));
        assert!(said.values.is_empty());
        let names: Vec<_> = said.foreign.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["asset", "externalID", "id", "ticketNumber"]);
    }

    #[test]
    fn no_two_fields_share_a_name() {
        let names: Vec<&str> =
            FIELDS.iter().flat_map(|field| std::iter::once(field.name).chain(field.aliases.iter().copied())).collect();
        for name in &names {
            assert_eq!(names.iter().filter(|other| other.eq_ignore_ascii_case(name)).count(), 1, "{name}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_key_says_is_lost(names in prop::collection::vec("[A-Za-z]{1,12}|companyID|title|accountName", 0..8)) {
            let fields: Map<String, Value> = names.into_iter().map(|name| (name, json!("x"))).collect();
            let said = said(&BTreeMap::new(), &fields);
            for name in fields.keys() {
                let is_field = find(name).is_some_and(|field| said.values.contains_key(field.name));
                prop_assert!(is_field || said.foreign.iter().any(|(foreign, _)| foreign == name));
            }
        }
    }
}
