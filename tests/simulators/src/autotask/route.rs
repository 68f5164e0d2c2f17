//! Which paths exist. The table of children is the contract whose violation is the most reported bug of all clients: a note is
//! made at `/Tickets/{id}/Notes`, and `POST /TicketNotes` is a 404.

use super::schema::{self, Entity};

/// Where a call goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    /// `versioninformation`
    Versions,
    /// `zoneInformation`
    Zone,
    /// `ThresholdInformation`
    Threshold,
    /// `{Entity}/entityInformation`
    EntityInformation(&'static Entity),
    /// `{Entity}/entityInformation/fields`
    Fields(&'static Entity),
    /// `{Entity}/entityInformation/userDefinedFields`
    UserDefinedFields(&'static Entity),
    /// `{Entity}/query`
    Query(&'static Entity),
    /// `{Entity}/query/next`
    NextPage(&'static Entity),
    /// `{Entity}/query/count`
    Count(&'static Entity),
    /// `{Entity}`
    Root(&'static Entity),
    /// `{Entity}/{id}`
    Item(&'static Entity, i64),
    /// `{Parent}/{id}/{Child}`
    Children(Child, i64),
    /// `{Parent}/{id}/{Child}/{id}`
    ChildItem(Child, i64, i64),
}

/// An entity below another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Child {
    pub(crate) parent: &'static Entity,
    pub(crate) entity: &'static Entity,
}

static CHILDREN: [(&Entity, &str, &Entity); 4] = [
    (&schema::TICKETS, "Notes", &schema::TICKET_NOTES),
    (&schema::TICKETS, "Attachments", &schema::TICKET_ATTACHMENTS),
    (&schema::TICKET_NOTES, "Attachments", &schema::TICKET_NOTE_ATTACHMENTS),
    (&schema::TIME_ENTRIES, "Attachments", &schema::TIME_ENTRY_ATTACHMENTS),
];

impl Route {
    /// The route of a path below the tenant; none if there is no such path. Case does not matter.
    pub(crate) fn of(segments: &[&str]) -> Option<Self> {
        let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match lower.as_slice() {
            ["atservicesrest", "versioninformation"] => Some(Self::Versions),
            ["atservicesrest", "v1.0", "zoneinformation"] => Some(Self::Zone),
            ["atservicesrest", "v1.0", "thresholdinformation"] => Some(Self::Threshold),
            ["atservicesrest", "v1.0", entity, rest @ ..] => Self::of_entity(schema::entity(entity)?, rest),
            _ => None,
        }
    }

    fn of_entity(entity: &'static Entity, rest: &[&str]) -> Option<Self> {
        match rest {
            [] => Some(Self::Root(entity)),
            ["entityinformation"] => Some(Self::EntityInformation(entity)),
            ["entityinformation", "fields"] => Some(Self::Fields(entity)),
            ["entityinformation", "userdefinedfields"] => Some(Self::UserDefinedFields(entity)),
            ["query"] => Some(Self::Query(entity)),
            ["query", "next"] => Some(Self::NextPage(entity)),
            ["query", "count"] => Some(Self::Count(entity)),
            [id] => Some(Self::Item(entity, id.parse().ok()?)),
            [id, child] => Some(Self::Children(child_of(entity, child)?, id.parse().ok()?)),
            [id, child, child_id] => Some(Self::ChildItem(child_of(entity, child)?, id.parse().ok()?, child_id.parse().ok()?)),
            _ => None,
        }
    }

    /// The entity whose threads the call takes; none where no threads are counted. Children count for themselves.
    pub(crate) fn counted_as(self) -> Option<&'static str> {
        match self {
            Self::Versions | Self::Zone => None,
            Self::Threshold => Some("ThresholdInformation"),
            Self::EntityInformation(entity)
            | Self::Fields(entity)
            | Self::UserDefinedFields(entity)
            | Self::Query(entity)
            | Self::NextPage(entity)
            | Self::Count(entity)
            | Self::Root(entity)
            | Self::Item(entity, _) => Some(entity.path),
            Self::Children(child, _) | Self::ChildItem(child, _, _) => Some(child.entity.path),
        }
    }
}

fn child_of(parent: &'static Entity, segment: &str) -> Option<Child> {
    let (parent, _, entity) =
        CHILDREN.iter().find(|(of, name, _)| of.path == parent.path && name.eq_ignore_ascii_case(segment))?;
    Some(Child { parent, entity })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(path: &str) -> Option<Option<&'static str>> {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        Route::of(&segments).map(Route::counted_as)
    }

    #[test]
    fn children_count_for_the_child_entity() {
        assert_eq!(counted("/ATServicesRest/V1.0/Tickets/7/Notes"), Some(Some("TicketNotes")));
        assert_eq!(counted("/atservicesrest/v1.0/ticketnotes/7/attachments"), Some(Some("TicketNoteAttachments")));
        assert_eq!(counted("/atservicesrest/v1.0/Tickets/entityInformation/fields"), Some(Some("Tickets")));
        assert_eq!(counted("/atservicesrest/v1.0/zoneInformation"), Some(None));
    }

    #[test]
    fn paths_that_the_real_one_lacks_are_lacking_here() {
        for path in ["/atservicesrest/V2.0/zoneInformation", "/ATServicesRest/V1.0/Tickets/7/TimeEntries", "/V1.0/Tickets", "/"] {
            assert_eq!(counted(path), None, "{path}");
        }
    }
}
