//! A connection document in the making: which field of the form becomes which key, what takes the place of a field, and which value has
//! no place. Decides by the field alone; whether the document's check takes a value shows later.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use session::ApplianceId;

use super::fields::{Field, Form};
use super::form::Entry;
use super::{Added, Carried, Lost, NotMigrated, Replaced, Report};
use crate::desk::document::Remark;

/// The form's boxes for outbound events, and what each event is called here.
const EVENTS: [(&str, &str); 4] = [
    (SESSION_END, "support_conference_end"),
    ("Customer Exit Survey is Completed", "support_conference_customer_exit_survey_completed"),
    ("Representative Survey is Completed", "support_conference_rep_exit_survey_completed"),
    ("Someone Joins a Support Session", "support_conference_member_added"),
];
const SESSION_END: &str = "Support Session End";

/// The only one of them that the plugin leaves off where nothing is said, and a document too.
const OFF_BY_DEFAULT: &str = "support_conference_member_added";

const VISIBILITY: &str = "autotask.note.visibility";
const CUSTOMER: &str = "customer";

/// A key of the document; as a list, for the names of fields in `defaults` are anybody's.
struct Setting {
    key: Vec<String>,
    value: Value,
    /// What it comes from; `None`: not from the form.
    field: Option<String>,
}

/// The document so far, in the order in which people read one.
pub(super) struct Draft {
    settings: Vec<Setting>,
    appliance: Option<ApplianceId>,
    report: Report,
}

impl Draft {
    /// What these fields make.
    ///
    /// # Errors
    ///
    /// One is there twice, or some are missing without which there is no connection.
    pub(super) fn of(known: Vec<(Field, Entry)>, added: &Added<'_>) -> Result<Self, NotMigrated> {
        let mut form = Form::default();
        for (field, entry) in known {
            let name = entry.name.clone();
            if !form.fill_in(field, entry) {
                return Err(NotMigrated::Twice(name));
            }
        }
        let missing = form.missing();
        if !missing.is_empty() {
            return Err(NotMigrated::Missing(missing));
        }
        let mut draft = Self { settings: Vec::new(), appliance: None, report: Report::default() };
        draft.set("version", json!(1));
        draft.beginning(&mut form, added);
        draft.events(&mut form);
        draft.source(&mut form);
        draft.ticketing(&mut form, added);
        draft.time_entries(&mut form);
        draft.tickets(&mut form);
        draft.not_needed(&mut form);
        Ok(draft)
    }

    fn beginning(&mut self, form: &mut Form, added: &Added<'_>) {
        self.carry(form, Field::ConfigurationName, "name", text);
        let (disabled, field) = self.flag(form, Field::Disabled);
        let mode = if disabled { "off" } else { "shadow" };
        self.put("mode", json!(mode), field);
        self.set("time_zone", json!(added.time_zone));
        if let Some(entry) = form.take(Field::ApplianceId) {
            match entry.value.as_str().and_then(|id| id.parse().ok()) {
                Some(id) => {
                    self.appliance = Some(id);
                    self.replace(&entry.name, "the name of the document's secret: see the command below");
                }
                None => self.lose(&entry.name, "an appliance id is 1 to 60 letters, digits, dots and underscores"),
            }
        }
    }

    fn events(&mut self, form: &mut Form) {
        let polled = form.take(Field::PollingEvents).map(|entry| (self.boxes(&entry), entry.name));
        let polls = polled.as_ref().is_some_and(|(boxes, _)| boxes.contains(&SESSION_END));
        if let Some(entry) = form.take(Field::OutboundEvents) {
            let boxes = self.boxes(&entry);
            for (name, event) in EVENTS {
                let wanted = boxes.contains(&name);
                // What a poll finds comes as these events, too.
                let differs = wanted == (event == OFF_BY_DEFAULT);
                if differs && (wanted || !polls) {
                    self.put(&format!("events.{event}"), json!(wanted), Some(entry.name.clone()));
                }
            }
            if !self.has("events") {
                self.replace(&entry.name, "the defaults of events, which are these");
            }
        }
        if let Some((_, field)) = polled {
            self.put("polling.enabled", json!(polls), Some(field));
        }
    }

    fn source(&mut self, form: &mut Form) {
        let oauth = form.has(Field::ClientId);
        let plain = self.flag(form, Field::PlainHttp);
        let is_plain = plain.0 && !oauth;
        if let Some(entry) = form.take(Field::HostName) {
            let scheme = if is_plain { "http" } else { "https" };
            let host = entry.value.as_str().unwrap_or_default().trim().to_owned();
            let url = if host.contains("://") { host } else { format!("{scheme}://{host}") };
            self.put("appliance.url", json!(url), Some(entry.name));
        }
        if oauth {
            self.carry(form, Field::ClientId, "appliance.oauth.client_id", text);
            self.carry(form, Field::ClientSecret, "appliance.oauth.client_secret", text);
            for field in [Field::UserName, Field::Password] {
                self.replace_by(form, field, "the OAuth account, as the plugin did where both were filled in");
            }
        } else {
            self.carry(form, Field::UserName, "appliance.password.username", text);
            self.carry(form, Field::Password, "appliance.password.password", text);
        }
        self.carry(form, Field::Locale, "appliance.locale", text);
        let (any, field) = self.flag(form, Field::AllowInvalidCertificates);
        if any {
            self.put("appliance.allow_invalid_certificates", json!(true), field);
        } else {
            self.as_by_default(field);
        }
        match plain {
            (true, Some(field)) if oauth => self.replace(&field, "TLS: with OAuth the plugin ignored this, too"),
            (true, field) => self.put("appliance.allow_plain_http", json!(true), field),
            (false, field) => self.as_by_default(field),
        }
    }

    fn ticketing(&mut self, form: &mut Form, added: &Added<'_>) {
        self.carry(form, Field::AutotaskUserName, "autotask.username", text);
        self.carry(form, Field::AutotaskPassword, "autotask.secret", text);
        self.set("autotask.integration_code", json!(added.integration_code));
        self.carry(form, Field::NoteType, "autotask.note.type", number);
        let (public, field) = self.flag(form, Field::PublicNotes);
        if field.is_some() {
            self.put(VISIBILITY, json!(if public { CUSTOMER } else { "internal" }), field);
        }
    }

    fn time_entries(&mut self, form: &mut Form) {
        let (wanted, field) = self.flag(form, Field::UpdateTimeEntry);
        if field.is_some() {
            self.put("autotask.time_entry.enabled", json!(wanted), field);
        }
        let (name, mut data) = self.block(form, Field::TimeEntryData);
        // The guide lists it with the fields of the form, and the plugin read it from this block.
        if let Some(domain) = data.remove("defaultDomain").filter(|domain| !domain.is_null()) {
            self.put("autotask.time_entry.default_domain", domain, Some(format!("{name}, defaultDomain")));
        }
        if !self.has("autotask.time_entry.default_domain") {
            self.carry(form, Field::DefaultDomain, "autotask.time_entry.default_domain", text);
        }
        self.defaults("autotask.time_entry.defaults", &name, data);
    }

    fn tickets(&mut self, form: &mut Form) {
        let (wanted, field) = self.flag(form, Field::CreateTickets);
        if wanted {
            // The plugin made one for every session that was not tied to a ticket.
            self.put("autotask.ticket.create", json!("always"), field);
        } else {
            self.as_by_default(field);
        }
        let (name, data) = self.block(form, Field::TicketData);
        self.defaults("autotask.ticket.defaults", &name, data);
    }

    fn not_needed(&mut self, form: &mut Form) {
        for (field, by) in [
            (Field::PollingInterval, "PollMinutes, a parameter of the stack: one for all its connections"),
            (Field::RetryLimit, "retry_hours: by time and not by count, so that an outage of a night costs nothing"),
            (Field::RetryOutboundEvents, "everything is tried again; events.<event>.retry_hours says for how long"),
            (Field::RetryPollingEvents, "everything is tried again, for retry_hours"),
            (Field::ServicesUrl, "asking Autotask for the tenant's zone; autotask.zone_url, should it not tell"),
            (Field::DefaultDomain, "the domain of the time entry data"),
        ] {
            self.replace_by(form, field, by);
        }
    }

    /// The members of a JSON block, each under its own name: one that the check refuses costs no other.
    fn defaults(&mut self, section: &str, field: &str, data: Map<String, Value>) {
        for (name, value) in data {
            match value {
                // As good as not there.
                Value::Null => {}
                Value::Array(_) | Value::Object(_) => {
                    self.lose(&format!("{field}, {name}"), "only texts, numbers, true and false are taken here");
                }
                value => {
                    let mut key: Vec<String> = section.split('.').map(str::to_owned).collect();
                    key.push(name.clone());
                    self.settings.push(Setting { key, value, field: Some(format!("{field}, {name}")) });
                }
            }
        }
    }

    /// The object in a field, whether it was given as JSON or as a text that holds JSON.
    fn block(&mut self, form: &mut Form, field: Field) -> (String, Map<String, Value>) {
        let Some(entry) = form.take(field) else { return (String::new(), Map::new()) };
        let value = match &entry.value {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            value => value.clone(),
        };
        match value {
            Value::Object(members) => (entry.name, members),
            _ => {
                self.lose(&entry.name, "its value is no JSON object");
                (entry.name, Map::new())
            }
        }
    }

    /// Which boxes were ticked, by the names of the form.
    fn boxes(&mut self, entry: &Entry) -> Vec<&'static str> {
        let texts: Vec<&str> = match &entry.value {
            Value::Array(items) => items.iter().map(|item| item.as_str().unwrap_or("?")).collect(),
            Value::String(text) => text.split([',', ';']).map(str::trim).filter(|text| !text.is_empty()).collect(),
            _ => vec!["?"],
        };
        let mut ticked = Vec::new();
        for text in texts {
            match EVENTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
                Some((name, _)) => ticked.push(*name),
                None => self.lose(&entry.name, "it names an event that the plugin did not know"),
            }
        }
        ticked
    }

    /// A box: whether it was ticked, and the name of the field if it was there. One that says something else is lost.
    fn flag(&mut self, form: &mut Form, field: Field) -> (bool, Option<String>) {
        let Some(entry) = form.take(field) else { return (false, None) };
        let word = match &entry.value {
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            value => value.as_str().unwrap_or("?").to_owned(),
        };
        match word.trim_matches(['[', ']', ' ']).to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "x" | "checked" | "enabled" => (true, Some(entry.name)),
            "false" | "no" | "off" | "0" | "" | "unchecked" => (false, Some(entry.name)),
            _ => {
                self.lose(&entry.name, "expected yes or no");
                (false, None)
            }
        }
    }

    fn carry(&mut self, form: &mut Form, field: Field, key: &str, read: fn(&Value) -> Option<Value>) {
        if let Some(entry) = form.take(field) {
            match read(&entry.value) {
                Some(value) => self.put(key, value, Some(entry.name)),
                None => self.lose(&entry.name, "it is not of the kind that the form has"),
            }
        }
    }

    fn replace_by(&mut self, form: &mut Form, field: Field, by: &str) {
        if let Some(entry) = form.take(field) {
            self.replace(&entry.name, by);
        }
    }

    fn set(&mut self, key: &str, value: Value) {
        self.put(key, value, None);
    }

    fn put(&mut self, key: &str, value: Value, field: Option<String>) {
        self.settings.push(Setting { key: key.split('.').map(str::to_owned).collect(), value, field });
    }

    fn has(&self, key: &str) -> bool {
        self.settings.iter().any(|setting| leads_to(key, &setting.key.join(".")))
    }

    fn as_by_default(&mut self, field: Option<String>) {
        if let Some(field) = field {
            self.replace(&field, "the default, which is the same");
        }
    }

    fn replace(&mut self, field: &str, by: &str) {
        self.report.replaced.push(Replaced { field: field.to_owned(), by: by.to_owned() });
    }

    /// Tells that the value of a field is nowhere.
    pub(super) fn lose(&mut self, field: &str, why: &str) {
        self.report.lost.push(Lost { field: field.to_owned(), why: why.to_owned() });
    }

    /// Takes out what the form said for that key, and tells why. Whether there was something.
    pub(super) fn take_out(&mut self, key: &str, why: &str) -> bool {
        let is_meant = |setting: &Setting| setting.field.is_some() && leads_to(&setting.key.join("."), key);
        let (out, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.settings).into_iter().partition(is_meant);
        self.settings = kept;
        for setting in &out {
            self.lose(setting.field.as_deref().unwrap_or_default(), why);
        }
        !out.is_empty()
    }

    /// The document as a person would write it.
    pub(super) fn text(&self) -> String {
        let members: Vec<(&[String], &Value)> =
            self.settings.iter().map(|setting| (setting.key.as_slice(), &setting.value)).collect();
        format!("{}\n", object(&members, 1))
    }

    /// What became of everything.
    pub(super) fn told(self, mut warnings: Vec<Remark>) -> (Option<ApplianceId>, Report) {
        let visibility = self.settings.iter().find(|setting| setting.key.join(".") == VISIBILITY);
        if visibility.is_some_and(|setting| setting.value == CUSTOMER) {
            let problem = "the LiveLinks hand over the ticket's id, and bare digits name no ticket where the customer can read the note; where nobody but your links and technicians sets keys, autotask.external_key_pattern takes them";
            warnings.push(Remark { line: None, column: None, key: Some(VISIBILITY.to_owned()), problem: problem.to_owned() });
        }
        let carried = self.settings.into_iter().filter_map(|setting| {
            let key = setting.key.join(".");
            setting.field.map(|field| Carried { field, key })
        });
        (self.appliance, Report { carried: carried.collect(), warnings, ..self.report })
    }
}

/// Whether a path is the key or leads to it from an outer section.
fn leads_to(path: &str, key: &str) -> bool {
    key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Members with the same first key are one object, where the first of them is.
fn object(members: &[(&[String], &Value)], depth: usize) -> String {
    let mut text = String::from("{");
    let mut done: Vec<&String> = Vec::new();
    for (path, value) in members {
        let [key, rest @ ..] = path else { continue };
        if done.contains(&key) {
            continue;
        }
        let comma = if done.is_empty() { "" } else { "," };
        let shown = if rest.is_empty() {
            value.to_string()
        } else {
            let of_key = members.iter().filter(|(path, _)| path.first() == Some(key));
            let inner: Vec<_> = of_key.map(|(path, value)| (&path[1..], *value)).collect();
            object(&inner, depth + 1)
        };
        let _ = write!(text, "{comma}\n{}{}: {shown}", "  ".repeat(depth), Value::from(key.as_str()));
        done.push(key);
    }
    let _ = write!(text, "\n{}}}", "  ".repeat(depth - 1));
    text
}

fn text(value: &Value) -> Option<Value> {
    value.as_str().map(|text| text.trim().into())
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(text.trim().parse::<i64>().map_or_else(|_| text.as_str().into(), Value::from)),
        Value::Number(_) => Some(value.clone()),
        _ => None,
    }
}
