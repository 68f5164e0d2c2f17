//! The appliance: TLS, token, reports, commands.

use appliance::{ApplianceClient, CommandRight};
use connection::Document;
use jiff::{SignedDuration, Timestamp};
use link::from_document::appliance_client;
use session::settings::TicketCreation;
use session::{Failure, Window};

use super::{CALL_TIME, List};

/// How far back the test looks for sessions.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(1);

/// Whether it answers, who we are to it, and what we may.
pub(super) async fn of_appliance(document: &Document, now: Timestamp, list: &mut List<'_>) {
    let url = document.appliance.url.as_str().trim_end_matches('/');
    let client = match appliance_client(document) {
        Ok(client) => client,
        Err(error) => return list.fails("tls", error.to_string(), "correct the section appliance of the document"),
    };
    match client.reach(CALL_TIME).await {
        Ok(()) if document.appliance.url.scheme() == "http" => {
            list.ok("tls", format!("{url} answers, but without TLS: credentials and sessions can be read on the way"));
        }
        Ok(()) if document.appliance.allow_invalid_certificates => {
            list.ok("tls", format!("{url} answers, but any certificate is accepted (appliance.allow_invalid_certificates)"));
        }
        Ok(()) => list.ok("tls", format!("{url} answers with a certificate that is trusted")),
        // Nothing else can be asked of somebody who does not answer.
        Err(failure) => return list.fails("tls", format!("{url}: {failure}"), unreachable_appliance(&failure)),
    }
    match client.authenticate(CALL_TIME).await {
        Ok(()) if client.uses_tokens() => list.ok("token", "the API account is given a token"),
        Ok(()) => list.ok("token", "not used: appliance.password is sent with each call"),
        Err(failure) => return list.fails("token", failure.to_string(), refused_by_appliance(&failure)),
    }
    reporting_right(&client, now, list).await;
    command_right(&client, document, list).await;
}

async fn reporting_right(client: &ApplianceClient, now: Timestamp, list: &mut List<'_>) {
    let said = client.api_information(CALL_TIME).await.ok().and_then(|information| information.may_report());
    let Some(window) = now.checked_sub(LOOK_BACK).ok().and_then(|from| Window::new(from, now)) else { return };
    match client.ended_between(window, CALL_TIME).await {
        // Whoever lacks the right may be told that there is nothing.
        Ok(listing) if listing.sessions.is_empty() && said == Some(false) => {
            list.fails(
                "reporting_right",
                "the appliance says that the account has no right to session reports",
                REPORTING_REMEDY,
            );
        }
        Ok(listing) => {
            list.ok("reporting_right", format!("sessions can be listed: {} ended within the last hour", listing.sessions.len()));
        }
        Err(failure) => list.fails("reporting_right", failure.to_string(), refused_by_appliance(&failure)),
    }
}

const REPORTING_REMEDY: &str = "tick \"Reporting API: Support Session Reports\" for the API account, at /login > Management > API \
                                Configuration; a user of an older appliance needs \"Allowed to Use Reporting API\" and \"View All Sessions\"";
const COMMAND_REMEDY: &str =
    "choose \"Command API: Full Access\" for the API account, at /login > Management > API Configuration";

async fn command_right(client: &ApplianceClient, document: &Document, list: &mut List<'_>) {
    let information = match client.api_information(CALL_TIME).await {
        Ok(information) => information,
        Err(failure) => return list.fails("command_right", failure.to_string(), refused_by_appliance(&failure)),
    };
    let version = information.api_version.clone().map_or_else(String::new, |version| format!("; API version {version}"));
    let has = match information.command_right() {
        CommandRight::Full => return list.ok("command_right", format!("full access{version}")),
        CommandRight::ReadOnly => "read only",
        CommandRight::None => "none",
        CommandRight::Unsaid => "not told by the appliance",
    };
    if document.autotask.ticket.create != TicketCreation::Off {
        let detail = format!("{has}, and the number of a ticket that was created is written back to the session{version}");
        list.fails("command_right", detail, COMMAND_REMEDY);
    } else {
        list.ok("command_right", format!("{has}: enough for notes and time entries; session keys need full access{version}"));
    }
}

/// The right place to look when there is no connection.
fn unreachable_appliance(failure: &Failure) -> &'static str {
    let said = failure.to_string().to_lowercase();
    if said.contains("certificate") || said.contains("issuer") {
        "the certificate is not trusted: is it expired, or made for another name? If an authority of your own has issued it, put that \
         authority's certificate (PEM) into appliance.ca_certificate"
    } else {
        "look at appliance.url, at the name's address and at the firewall: the appliance must be reachable from AWS, not only from here"
    }
}

fn refused_by_appliance(failure: &Failure) -> String {
    match failure {
        Failure::Blocked { remedy, .. } => remedy.to_string(),
        Failure::CredentialsRefused { .. } => {
            "look at the API account at /login > Management > API Configuration: is it enabled, is client_id its client id, is our \
             address allowed? A new client secret is shown once; put it into the document"
                .to_owned()
        }
        Failure::NotTaken { throttled: true, .. } => "the appliance takes 20 calls a second: try again in a minute".to_owned(),
        _ => "is \"Enable XML API\" ticked at /login > Management > API Configuration? If it is, try again".to_owned(),
    }
}
