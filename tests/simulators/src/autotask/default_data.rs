//! The rows that every tenant begins with. All people and companies are invented. tests/simulators/README.md lists what they are for;
//! keep both in step.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::schema::{
    BILLING_CODES, COMPANIES, CONFIGURATION_ITEMS, CONTACTS, CONTRACTS, Entity, RESOURCE_ROLES, RESOURCE_SERVICE_DESK_ROLES,
    RESOURCES, ROLES, TICKETS,
};
use super::tenant::{API_RESOURCE, Table};
use super::wire::instant_text;

/// Last activity of the tickets that are alive.
const FRESH_DAYS: i64 = 2;
/// Last activity of the ticket that is stale.
const STALE_DAYS: i64 = 400;

/// All tables of a new tenant.
pub(crate) fn tables(now: Timestamp) -> BTreeMap<&'static str, Table> {
    let rows: [(&'static Entity, Value); 10] = [
        (&COMPANIES, companies()),
        (&CONTACTS, contacts()),
        (&CONFIGURATION_ITEMS, configuration_items()),
        (&RESOURCES, resources()),
        (&ROLES, roles()),
        (&RESOURCE_ROLES, resource_roles()),
        (&RESOURCE_SERVICE_DESK_ROLES, service_desk_roles()),
        (&BILLING_CODES, billing_codes()),
        (&CONTRACTS, contracts()),
        (&TICKETS, tickets(now)),
    ];
    rows.into_iter().map(|(entity, rows)| (entity.path, table(rows))).collect()
}

fn table(rows: Value) -> Table {
    let Value::Array(rows) = rows else { return Table::new() };
    rows.into_iter()
        .filter_map(|row| match row {
            Value::Object(row) => Some((row.get("id")?.as_i64()?, row)),
            _ => None,
        })
        .collect()
}

fn companies() -> Value {
    json!([
        {"id": 0, "companyName": "Northwind Managed Services", "companyNumber": "NW", "companyType": 1, "isActive": true},
        {"id": 501, "companyName": "Acme & Sons", "companyNumber": "ACM", "companyType": 1, "ownerResourceID": 101, "phone": "+49 30 5550100",
         "webAddress": "https://acme.example", "isActive": true},
        {"id": 502, "companyName": "Brightwater Dental", "companyNumber": "BRW", "companyType": 1, "ownerResourceID": 101, "isActive": true},
        {"id": 503, "companyName": "Kestrel Logistics", "companyNumber": "KES", "companyType": 1, "ownerResourceID": 103, "isActive": true},
        {"id": 504, "companyName": "Kestrel Logistics Nord", "companyNumber": "KES-N", "companyType": 1, "parentCompanyID": 503, "isActive": true},
        {"id": 505, "companyName": "Old Harbour Ltd", "companyNumber": "OLD", "companyType": 1, "isActive": false},
    ])
}

fn contacts() -> Value {
    json!([
        {"id": 801, "companyID": 501, "firstName": "Jörg", "lastName": "Müller", "emailAddress": "j.mueller@acme.example", "isActive": 1,
         "primaryContact": true, "receivesEmailNotifications": true},
        {"id": 802, "companyID": 502, "firstName": "Priya", "lastName": "Raman", "emailAddress": "priya@brightwater.example", "isActive": 1},
        {"id": 803, "companyID": 503, "firstName": "Olek", "lastName": "Baran", "emailAddress": "olek@kestrel.example", "isActive": 1},
        {"id": 804, "companyID": 501, "firstName": "Wiebke", "lastName": "Stark", "emailAddress": "w.stark@acme.example", "isActive": 0},
    ])
}

fn configuration_items() -> Value {
    json!([
        {"id": 1001, "companyID": 501, "contactID": 801, "referenceTitle": "Lab 2, label printing", "rmmDeviceAuditHostname": "lab2-pc07.acme.example",
         "serialNumber": "5CG0213XYZ", "isActive": true},
        {"id": 1002, "companyID": 503, "referenceTitle": "KES-SCAN01", "isActive": true},
        {"id": 1003, "companyID": 501, "referenceTitle": "LAB2-PC07 (retired)", "isActive": false},
    ])
}

fn resources() -> Value {
    json!([
        {"id": API_RESOURCE, "userName": "bridge@acme.example", "email": "bridge@acme.example", "firstName": "Session", "lastName": "Bridge",
         "isActive": true, "licenseType": 7, "resourceType": "Employee"},
        {"id": 101, "userName": "dwhitfield", "email": "dana.whitfield@acme.example", "email2": "dwhitfield@acme.example",
         "firstName": "Dana", "lastName": "Whitfield", "isActive": true, "licenseType": 1, "resourceType": "Employee",
         "defaultServiceDeskRoleID": 301},
        {"id": 102, "userName": "tokafor", "email": "tobi.okafor@acme.example", "email2": "tokafor@acme.example",
         "firstName": "Tobi", "lastName": "Okafor", "isActive": true, "licenseType": 1, "resourceType": "Employee",
         "defaultServiceDeskRoleID": 302},
        {"id": 103, "userName": "mlindqvist", "email": "mlindqvist@acme.example", "firstName": "Mia", "lastName": "Lindqvist",
         "isActive": true, "licenseType": 1, "resourceType": "Employee", "defaultServiceDeskRoleID": 303},
        {"id": 104, "userName": "shared.one", "email": "shared@acme.example", "firstName": "Shared", "lastName": "One",
         "isActive": true, "licenseType": 1, "resourceType": "Employee"},
        {"id": 105, "userName": "shared.two", "email": "shared@acme.example", "firstName": "Shared", "lastName": "Two",
         "isActive": true, "licenseType": 1, "resourceType": "Employee"},
        {"id": 106, "userName": "ivega", "email": "ivega@acme.example", "firstName": "Ines", "lastName": "Vega",
         "isActive": false, "licenseType": 1, "resourceType": "Employee"},
        {"id": 107, "userName": "norole", "email": "norole@acme.example", "firstName": "Nils", "lastName": "Orban",
         "isActive": true, "licenseType": 1, "resourceType": "Employee"},
    ])
}

fn roles() -> Value {
    json!([
        {"id": 301, "name": "Engineer", "isActive": true, "isSystemRole": false, "hourlyRate": 110.0, "hourlyFactor": 1.0},
        {"id": 302, "name": "Senior Engineer", "isActive": true, "isSystemRole": false, "hourlyRate": 140.0, "hourlyFactor": 1.25},
        {"id": 303, "name": "Field Technician", "isActive": true, "isSystemRole": false, "hourlyRate": 95.0, "hourlyFactor": 1.0},
        {"id": 304, "name": "Project Manager", "isActive": true, "isSystemRole": true, "hourlyRate": 150.0, "hourlyFactor": 1.5},
        {"id": 305, "name": "Engineer (old)", "isActive": false, "isSystemRole": false, "hourlyRate": 80.0, "hourlyFactor": 1.0},
    ])
}

/// One row per queue or department: Dana's Engineer comes twice.
fn resource_roles() -> Value {
    json!([
        {"id": 901, "resourceID": 101, "roleID": 301, "queueID": 201, "departmentID": null, "isActive": true},
        {"id": 902, "resourceID": 101, "roleID": 301, "queueID": 202, "departmentID": null, "isActive": true},
        {"id": 903, "resourceID": 101, "roleID": 302, "queueID": 202, "departmentID": null, "isActive": true},
        {"id": 904, "resourceID": 102, "roleID": 302, "queueID": 201, "departmentID": null, "isActive": true},
        {"id": 905, "resourceID": 103, "roleID": 303, "queueID": 201, "departmentID": null, "isActive": true},
        {"id": 906, "resourceID": 103, "roleID": 304, "queueID": null, "departmentID": 1, "isActive": true},
        {"id": 907, "resourceID": 104, "roleID": 301, "queueID": 201, "departmentID": null, "isActive": true},
    ])
}

fn service_desk_roles() -> Value {
    json!([
        {"id": 951, "resourceID": 101, "roleID": 301, "isDefault": true, "isActive": true},
        {"id": 952, "resourceID": 101, "roleID": 302, "isDefault": false, "isActive": true},
        {"id": 953, "resourceID": 102, "roleID": 302, "isDefault": true, "isActive": true},
        {"id": 954, "resourceID": 103, "roleID": 303, "isDefault": true, "isActive": true},
    ])
}

/// A name may repeat across use types, and an inactive code keeps its name.
fn billing_codes() -> Value {
    json!([
        {"id": 401, "name": "Remote Support", "useType": 1, "billingCodeType": 0, "isActive": true},
        {"id": 402, "name": "On-site Support", "useType": 1, "billingCodeType": 0, "isActive": true},
        {"id": 403, "name": "Phone Support", "useType": 1, "billingCodeType": 0, "isActive": false},
        {"id": 404, "name": "Remote Support", "useType": 2, "billingCodeType": 0, "isActive": true},
        {"id": 405, "name": "Internal Meeting", "useType": 3, "billingCodeType": 2, "isActive": true},
    ])
}

fn contracts() -> Value {
    json!([
        {"id": 601, "companyID": 501, "contractName": "Acme Gold", "status": 1, "startDate": "2024-01-01T00:00:00Z",
         "endDate": "2030-12-31T00:00:00Z", "isDefaultContract": true, "timeReportingRequiresStartAndStopTimes": 1},
        {"id": 602, "companyID": 502, "contractName": "Brightwater Block Hours", "status": 1, "startDate": "2025-01-01T00:00:00Z",
         "endDate": "2030-12-31T00:00:00Z", "isDefaultContract": false, "timeReportingRequiresStartAndStopTimes": 0},
        {"id": 603, "companyID": 501, "contractName": "Acme Silver (ended)", "status": 0, "startDate": "2020-01-01T00:00:00Z",
         "endDate": "2023-12-31T00:00:00Z", "isDefaultContract": false, "timeReportingRequiresStartAndStopTimes": 0},
    ])
}

fn tickets(now: Timestamp) -> Value {
    let days_ago = |days: i64| instant_text(now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now));
    let fresh = days_ago(FRESH_DAYS);
    json!([
        {"id": 7001, "ticketNumber": "T20250318.0042", "title": "Label printer offline", "companyID": 501, "contactID": 801, "status": 8, "priority": 2,
         "queueID": 201, "assignedResourceID": 101, "assignedResourceRoleID": 301, "contractID": 601, "billingCodeID": 401, "issueType": 11,
         "description": "The label printer in lab 2 says \"offline\".", "createDate": "2025-03-18T12:41:00Z", "creatorResourceID": 101,
         "dueDateTime": "2025-03-19T16:00:00Z", "lastActivityDate": fresh},
        {"id": 7002, "ticketNumber": "T20250318.0043", "title": "New starter laptop", "companyID": 502, "contactID": 802, "status": 1, "priority": 3,
         "queueID": 201, "createDate": "2025-03-18T14:05:00Z", "creatorResourceID": 103, "dueDateTime": "2025-03-25T16:00:00Z", "lastActivityDate": fresh},
        {"id": 7003, "ticketNumber": "T20250319.0001", "title": "VPN drops every hour", "companyID": 501, "configurationItemID": 1001, "status": 7, "priority": 1, "queueID": 202,
         "assignedResourceID": 102, "assignedResourceRoleID": 302, "contractID": 601, "createDate": "2025-03-19T07:12:30.500Z", "creatorResourceID": 102,
         "dueDateTime": "2025-03-19T12:00:00Z", "lastActivityDate": fresh},
        {"id": 7004, "ticketNumber": "T20250320.0007", "title": "Scanner sends empty pages", "companyID": 503, "contactID": 803, "status": 8, "priority": 2,
         "queueID": 201, "assignedResourceID": 103, "assignedResourceRoleID": 303, "createDate": "2025-03-20T09:30:00Z", "creatorResourceID": 103,
         "dueDateTime": "2025-03-21T16:00:00Z", "lastActivityDate": fresh},
        {"id": 7005, "ticketNumber": "T20240101.0005", "title": "Old backup warning", "companyID": 503, "status": 9, "priority": 3, "queueID": 202,
         "createDate": "2024-01-01T10:00:00Z", "creatorResourceID": 103, "dueDateTime": "2024-01-10T16:00:00Z", "lastActivityDate": days_ago(STALE_DAYS)},
        {"id": 7006, "ticketNumber": "T20250310.0011", "title": "Password reset", "companyID": 502, "status": 5, "priority": 2, "queueID": 201,
         "assignedResourceID": 101, "assignedResourceRoleID": 301, "resolution": "Reset and tested.", "createDate": "2025-03-10T08:00:00Z",
         "creatorResourceID": 101, "dueDateTime": "2025-03-10T16:00:00Z", "completedDate": "2025-03-10T08:20:00Z", "completedByResourceID": 101,
         "lastActivityDate": fresh},
        {"id": 7007, "ticketNumber": "T20250321.0002", "title": "Office move, own network", "companyID": 0, "status": 8, "priority": 2, "queueID": 202,
         "assignedResourceID": 103, "assignedResourceRoleID": 304, "createDate": "2025-03-21T06:45:00Z", "creatorResourceID": 103,
         "dueDateTime": "2025-04-01T16:00:00Z", "lastActivityDate": fresh},
        {"id": 7008, "ticketNumber": "T20250322.0003", "title": "Mail client asks for password", "companyID": 504, "status": 1, "priority": 4,
         "queueID": 201, "createDate": "2025-03-22T11:11:00Z", "creatorResourceID": 101, "dueDateTime": "2025-03-22T15:00:00Z", "lastActivityDate": fresh},
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::input::{fields, require};
    use super::super::schema::{ENTITIES, entity};
    use super::*;

    #[test]
    fn every_row_fits_its_entity() {
        for (path, table) in tables(Timestamp::UNIX_EPOCH) {
            let entity = entity(path).unwrap();
            for row in table.values() {
                let checked = fields(entity, row, false).and_then(|row| require(entity, &row));
                assert!(checked.is_ok(), "{path}: {row:?}: {}", String::from_utf8_lossy(&checked.unwrap_err().body));
            }
        }
    }

    #[test]
    fn every_reference_leads_to_a_row() {
        let tables = tables(Timestamp::UNIX_EPOCH);
        for entity in ENTITIES {
            for row in tables.get(entity.path).into_iter().flat_map(Table::values) {
                for field in entity.fields {
                    let (Some(target), Some(id)) = (field.reference, row.get(field.name).and_then(Value::as_i64)) else {
                        continue;
                    };
                    assert!(tables[target].contains_key(&id), "{} {} {id}", entity.path, field.name);
                }
            }
        }
    }
}
