//! The links that a person sets up by hand: two LiveLinks in Autotask that start something on the appliance, and the appliance's
//! custom link back to the ticket. Calls nobody.

use serde::Serialize;
use url::Url;

/// What to type where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Links {
    /// Autotask, for the session key and the jump to a device.
    pub(crate) live_links: [LiveLink; 2],
    /// The appliance, when the external key is a ticket's id, as the LiveLinks write it.
    pub(crate) custom_link: String,
    /// The same when technicians type the ticket's number.
    pub(crate) custom_link_by_number: String,
}

/// A LiveLink of Autotask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LiveLink {
    /// Name, label and description.
    pub(crate) name: &'static str,
    /// The field "Base URL".
    pub(crate) base_url: String,
    /// The field "Querystring Values"; what is in angle brackets is filled in by Autotask.
    pub(crate) query: &'static str,
}

const SESSION_KEY: &str = "?type=rep&operation=generate&action=generate_session_key&session.custom.external_key=<TICKETID>";
const JUMP: &str = "?type=rep&operation=generate&action=start_pinned_client_session\
                    &search_string=<UDF-Device Name (ATG_InstalledProduct)>&session.custom.external_key=<TICKETID>";
/// What the appliance fills in.
const KEY_MACRO: &str = "%SESSION.CUSTOM.EXTERNAL_KEY%";

/// The links of an appliance and an Autotask tenant; without a known zone its number is left to be filled in.
pub(crate) fn links(appliance: &Url, zone: Option<&Url>) -> Links {
    let base_url = format!("{}/api/client_script", appliance.as_str().trim_end_matches('/'));
    let live_link = |name, query| LiveLink { name, base_url: base_url.clone(), query };
    let command = format!("https://{}/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail", web_host(zone));
    Links {
        live_links: [live_link("Remote Support Session Key", SESSION_KEY), live_link("Remote Support Jump To Device", JUMP)],
        custom_link: format!("{command}&TicketID={KEY_MACRO}"),
        custom_link_by_number: format!("{command}&TicketNumber={KEY_MACRO}"),
    }
}

/// `webservices19.autotask.net` is the tenant's API, `ww19.autotask.net` its pages (vendor reference).
fn web_host(zone: Option<&Url>) -> String {
    let host = zone.and_then(Url::host_str).unwrap_or_default();
    match host.strip_prefix("webservices") {
        Some(rest) if rest.ends_with(".autotask.net") && !rest.starts_with('.') => format!("ww{rest}"),
        _ => "ww<number of your zone>.autotask.net".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn links_lead_to_the_appliance_and_to_the_pages_of_the_zone() {
        let zone: Url = "https://webservices19.autotask.net/ATServicesRest/".parse().unwrap();
        let links = links(&"https://support.example.com/".parse().unwrap(), Some(&zone));
        assert_eq!(links.live_links[0].base_url, "https://support.example.com/api/client_script");
        assert_eq!(
            links.custom_link,
            "https://ww19.autotask.net/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID=%SESSION.CUSTOM.EXTERNAL_KEY%"
        );
    }

    #[test]
    fn number_of_an_unknown_zone_is_left_open() {
        for zone in [None, Some("http://127.0.0.1:4581/t/acme/"), Some("https://webservices.autotask.net/")] {
            let zone: Option<Url> = zone.map(|zone| zone.parse().unwrap());
            assert!(web_host(zone.as_ref()).starts_with("ww<number"), "{zone:?}");
        }
    }
}
