//! `session-bridge connection new`: from the first question to the first event.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use connection::Document;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ledger::Ledger;
use serde::Serialize;
use session::ApplianceId;
use tokio::time::Instant;
use url::Url;

use super::mode::Word;
use super::test::{line_of, verdict};
use super::{Common, print_warnings, refused, vault};
use crate::cli::argument::{appliance_id, text_of};
use crate::cli::links::{described, zone_of};
use crate::cli::question;
use crate::desk::authority::{self, Authority};
use crate::desk::document::check;
use crate::desk::draft::{self, Answers, Secrets, TimeEntries};
use crate::desk::links::{Links, links};
use crate::desk::rights::{self, Check, Wanted};
use crate::desk::token::{self, NewToken};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

/// How often the ledger is asked for the first event.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The boxes to tick on the appliance.
const EVENTS: [&str; 3] = ["Support Session End", "Customer Exit Survey is Completed", "Representative Survey is Completed"];

/// Every question can be answered beforehand by its option.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The appliance's id, as it will stand in its URL.
    #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
    appliance: ApplianceId,
    /// A name for people, as in "Acme, production".
    #[arg(long)]
    name: Option<String>,
    /// The mode to begin in: shadow writes nothing and shows what would be written.
    #[arg(long)]
    mode: Option<Word>,
    /// IANA name, as in Europe/Berlin: for the times in notes.
    #[arg(long)]
    time_zone: Option<String>,
    /// The appliance's https address.
    #[arg(long, value_name = "URL")]
    appliance_url: Option<String>,
    /// The client id of its API account.
    #[arg(long)]
    client_id: Option<String>,
    /// A file with the client secret [or the variable SESSION_BRIDGE_CLIENT_SECRET].
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// A file (PEM) with the authority that has issued the appliance's certificate, if it is not a public one.
    #[arg(long, value_name = "FILE")]
    ca_certificate: Option<PathBuf>,
    /// The API user of Autotask (Username).
    #[arg(long, value_name = "USER")]
    autotask_username: Option<String>,
    /// A file with its Password (Secret) [or the variable SESSION_BRIDGE_AUTOTASK_SECRET].
    #[arg(long, value_name = "FILE")]
    autotask_secret_file: Option<PathBuf>,
    /// A file with its Tracking Identifier [or the variable SESSION_BRIDGE_INTEGRATION_CODE].
    #[arg(long, value_name = "FILE")]
    integration_code_file: Option<PathBuf>,
    /// The tenant's address, if Autotask does not tell it.
    #[arg(long, value_name = "URL")]
    zone_url: Option<String>,
    /// Time entries for users of this e-mail domain; none: no time entries.
    #[arg(long, value_name = "DOMAIN|none")]
    time_entries: Option<String>,
    /// The role to enter time in [the ticket's, then the resource's own].
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,
    /// A user name of the appliance to test with.
    #[arg(long, value_name = "USER")]
    representative: Option<String>,
    /// A ticket's number or id to test with.
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Permits plain http, for trials.
    #[arg(long, hide = true)]
    allow_plain_http: bool,
    /// Makes a new token although the appliance has one.
    #[arg(long)]
    new_token: bool,
    /// How many seconds to wait for the first event; 0 does not wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    wait: u64,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Made {
    appliance: ApplianceId,
    secret: String,
    checks: Vec<Check>,
    url: String,
    events: [&'static str; 3],
    authority: Option<Authority>,
    token: Option<NewToken>,
    links: Links,
    first_event_at: Option<Timestamp>,
}

impl Arguments {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let stack = Stack::find(common).await?;
        let vault = vault(&stack)?;
        let there = vault.stored(&self.appliance).await?;
        if there.is_some() && !question::confirm(common, &format!("{} has a connection document. Replace it?", self.appliance))? {
            return Ok(Outcome::Done);
        }
        let text = self.document()?;
        let secret = vault.name(&self.appliance);
        let (document, warnings) = check(&text).map_err(|mistakes| refused(&secret, &mistakes))?;
        print_warnings(&secret, &warnings);

        let checks = self.tested(&document, common).await?;
        vault.store(&self.appliance, &text, there.is_some()).await?;
        let made = self.made(&stack, &document, secret, checks).await?;
        if common.format() == Format::Text {
            println!("{}", made.described());
        }
        let first_event_at = self.first_event(&stack.ledger()?, made.token.is_some()).await;
        match common.format() {
            Format::Json => output::json(&Made { first_event_at, ..made }),
            Format::Text => println!("\n{}", self.what_came(first_event_at)),
        }
        Ok(Outcome::Done)
    }

    /// All answers, those of the options and those of the person, as a document.
    fn document(&self) -> Result<String, Failure> {
        let ask =
            |given: &Option<String>, option, text, default, judge| question::text(given.clone(), option, text, default, judge);
        let name = ask(&self.name, "--name", "A name for people (may be empty)", "", |_| None)?;
        let mode = match self.mode {
            Some(mode) => mode,
            None => word(&ask(&None, "--mode", "Mode to begin in (shadow, deliver, hold, off)", "shadow", is_mode)?),
        };
        let time_zone = ask(&self.time_zone, "--time-zone", "Time zone of the notes, as in Europe/Berlin", "", is_time_zone)?;
        let appliance_url = ask(
            &self.appliance_url,
            "--appliance-url",
            "Address of the appliance, as in https://support.example.com",
            "",
            is_url,
        )?;
        let client_id = ask(
            &self.client_id,
            "--client-id",
            "Client id of its API account (/login > Management > API Configuration)",
            "",
            is_there,
        )?;
        let client_secret = question::secret(
            self.client_secret_file.as_deref(),
            "--client-secret-file",
            "SESSION_BRIDGE_CLIENT_SECRET",
            "Client secret",
        )?;
        let autotask_username =
            ask(&self.autotask_username, "--autotask-username", "API user of Autotask (Username)", "", is_there)?;
        let autotask_secret = question::secret(
            self.autotask_secret_file.as_deref(),
            "--autotask-secret-file",
            "SESSION_BRIDGE_AUTOTASK_SECRET",
            "Its Password (Secret)",
        )?;
        let integration_code = question::secret(
            self.integration_code_file.as_deref(),
            "--integration-code-file",
            "SESSION_BRIDGE_INTEGRATION_CODE",
            "Its Tracking Identifier",
        )?;
        let domain = ask(
            &self.time_entries,
            "--time-entries",
            "Time entries for users of which e-mail domain (none: no time entries)",
            "none",
            is_there,
        )?;
        let time_entries = (domain != "none").then(|| TimeEntries { default_domain: domain, role_name: self.role_name.clone() });
        let answers = Answers {
            name,
            mode: mode.into(),
            time_zone,
            appliance_url,
            client_id,
            ca_certificate: self.ca_certificate.as_deref().map(text_of).transpose()?,
            autotask_username,
            zone_url: self.zone_url.clone(),
            time_entries,
            allow_plain_http: self.allow_plain_http,
        };
        Ok(draft::document(&answers, &Secrets { client_secret, autotask_secret, integration_code }))
    }

    async fn tested(&self, document: &Document, common: &Common) -> Result<Vec<Check>, Failure> {
        let wanted = Wanted { representative: self.representative.clone(), ticket: self.ticket.clone(), write: false };
        // To the standard error: the result is what comes after it.
        let mut tell = |check: &Check| eprintln!("{}", line_of(check));
        let checks = rights::test(document, &wanted, now(), &mut tell).await;
        let failed = checks.iter().filter(|check| !check.ok).count();
        eprintln!("\n{}", verdict(checks.len(), failed));
        let goes_on = failed == 0 || question::confirm(common, "Store the document all the same?").unwrap_or(false);
        if goes_on {
            return Ok(checks);
        }
        Err(Failure::refused("nothing was stored", "grant what is named above and repeat; with --yes it is stored all the same"))
    }

    async fn made(&self, stack: &Stack, document: &Document, secret: String, checks: Vec<Check>) -> Result<Made, Failure> {
        let receiver = stack.output("OutboundEventUrl")?;
        let deployed = stack.deployed();
        let token = (self.new_token || !deployed.knows(&self.appliance))
            .then(|| token::new(&self.appliance, &stack.name, Some(deployed)));
        let shown = token.as_ref().map_or("<its token>", |new| new.token.as_str());
        let url = format!("{receiver}?appliance={}&outbound_event_token={shown}", self.appliance);
        let authority = match receiver.parse::<Url>() {
            Ok(url) => authority::of(&url).await,
            Err(_) => None,
        };
        Ok(Made {
            appliance: self.appliance.clone(),
            secret,
            checks,
            url,
            events: EVENTS,
            authority,
            token,
            links: links(&document.appliance.url, zone_of(document).await.as_ref()),
            first_event_at: None,
        })
    }

    /// When the first event after now came; none if none came in time, or the person had enough.
    async fn first_event(&self, ledger: &Ledger, undeployed: bool) -> Option<Timestamp> {
        if self.wait == 0 {
            return None;
        }
        let before = ledger.last_event_at(&self.appliance).await.ok().flatten();
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(LOOK_EVERY / 20);
        let first = if undeployed { "deploy the token, then " } else { "" };
        bar.set_message(format!("Waiting for the first event: {first}end a test session (Ctrl-C is fine)"));
        let deadline = Instant::now() + Duration::from_secs(self.wait);
        while Instant::now() < deadline {
            if let Ok(Some(at)) = ledger.last_event_at(&self.appliance).await
                && Some(at) != before
            {
                bar.finish_and_clear();
                return Some(at);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = tokio::signal::ctrl_c() => break,
            }
        }
        bar.finish_and_clear();
        None
    }

    fn what_came(&self, first_event_at: Option<Timestamp>) -> String {
        match first_event_at {
            Some(at) => format!("The first event came at {at}: the appliance is let in, and the worker has taken it."),
            None if self.wait == 0 => "The document is stored; the first event comes when the first session ends.".to_owned(),
            None => "No event yet. The document is stored, and nothing has to be repeated: the appliance's status column says OK after the \
                     first one. If it says an error, compare URL and authority with those above."
                .to_owned(),
        }
    }
}

impl Made {
    /// All that is left to do by hand, in the order in which it is done.
    fn described(&self) -> String {
        let mut parts = vec![format!("Stored as {}.", self.secret)];
        match &self.token {
            Some(new) => {
                parts.push(format!("1. Deploy the token's hash, in the checkout that deploys the stack:\n\n   {}", new.deploy));
            }
            None => parts.push(
                "1. A token is deployed for this appliance: its URL goes on working (--new-token makes another one).".to_owned(),
            ),
        }
        let once = if self.token.is_some() { " The token is shown only now." } else { "" };
        parts.push(format!(
            "2. On the appliance, /login > Management > Outbound Events > Add New HTTP Recipient.{once}\n\n   URL     {}\n   Events  {}",
            self.url,
            self.events.join("\n           ")
        ));
        match &self.authority {
            Some(authority) => parts.push(format!(
                "3. There, tick \"Use a CA certificate\" and upload this one (SHA-256 {}):\n\n{}",
                authority.sha256, authority.pem
            )),
            None => parts.push(
                "3. There, tick \"Use a CA certificate\" and upload Amazon Root CA 1, from https://www.amazontrust.com/repository/ (the address \
                 could not be asked from here which authority vouches for it)."
                    .to_owned(),
            ),
        }
        parts.push(format!("4. {}", described(&self.links)));
        parts.join("\n\n")
    }
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a command begins here")]
    Timestamp::now()
}

fn is_there(answer: &str) -> Option<&'static str> {
    answer.trim().is_empty().then_some("must not be empty")
}

pub(super) fn is_time_zone(answer: &str) -> Option<&'static str> {
    TimeZone::get(answer).is_err().then_some("must be the IANA name of a time zone, as in Europe/Berlin")
}

fn is_url(answer: &str) -> Option<&'static str> {
    let fits = answer.parse::<Url>().is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    (!fits).then_some("must be an address, as in https://support.example.com")
}

fn is_mode(answer: &str) -> Option<&'static str> {
    <Word as clap::ValueEnum>::from_str(answer, true).is_err().then_some("must be shadow, deliver, hold or off")
}

fn word(answer: &str) -> Word {
    <Word as clap::ValueEnum>::from_str(answer, true).unwrap_or(Word::Shadow)
}
