//! `session-bridge links`.

use std::time::Duration;

use clap::Args;
use connection::Document;
use link::from_document::autotask_client;
use session::ApplianceId;
use tokio::time::Instant;
use url::Url;

use super::Common;
use super::argument::appliance_id;
use crate::cli::connection::{refused, vault};
use crate::desk::document::check;
use crate::desk::links::{Links, links};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

/// Longer than zone discovery takes.
const DISCOVERY_TIME: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The appliance's id.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
}

impl Arguments {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let stack = Stack::find(common).await?;
        let vault = vault(&stack)?;
        let text = vault.document(&self.appliance).await?;
        let (document, _) = check(&text).map_err(|mistakes| refused(&vault.name(&self.appliance), &mistakes))?;
        let links = links(&document.appliance.url, zone_of(&document).await.as_ref());
        match common.format() {
            Format::Json => output::json(&links),
            Format::Text => println!("{}", described(&links)),
        }
        Ok(Outcome::Done)
    }
}

/// As configured, else as Autotask says; without an answer the links have a gap that a person can fill in.
pub(crate) async fn zone_of(document: &Document) -> Option<Url> {
    let client = autotask_client(document).ok()?;
    client.zone_url(Instant::now() + DISCOVERY_TIME).await.ok()
}

/// What to type where, as a person goes through it.
pub(crate) fn described(links: &Links) -> String {
    let mut lines = vec![
        "In Autotask, Admin > Automation > AutoForms & LiveLinks > LiveLinks Designer: application \"Remote Support\", category Service Desk,".to_owned(),
        "entity Ticket; on the tab Configuration tick the ticket's window and grid; then right-click and publish.".to_owned(),
    ];
    for link in &links.live_links {
        lines.push(format!("\n  Name                {}", link.name));
        lines.push(format!("  Base URL            {}", link.base_url));
        lines.push(format!("  Querystring Values  {}", link.query));
    }
    lines.push("\nOn the appliance, /login > Rep Console > Custom Links > Create New Custom Link:".to_owned());
    lines.push(format!("\n  URL  {}", links.custom_link));
    lines.push(
        "\nThe LiveLinks write the ticket's id into the external key. Where technicians type its number, the custom link is:"
            .to_owned(),
    );
    lines.push(format!("\n  URL  {}", links.custom_link_by_number));
    lines.join("\n")
}
