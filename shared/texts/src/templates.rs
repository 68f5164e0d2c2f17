//! The Handlebars templates: built-in ones, and those that an administrator put in their place.
//!
//! A template never costs a session: one that cannot be read or fails while rendering is reported, and the built-in one
//! is used. Overrides come from outside, so they are bounded: in length, in nesting, in output, in steps, and they can neither
//! include one another nor log. Texts are not escaped for HTML, for notes are plain text; what could be taken for a marker or
//! misleads the reader is taken out of every text, whoever put it there.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::LazyLock;

use handlebars::template::{HelperTemplate, Template, TemplateElement};
use handlebars::{
    Context, Handlebars, RenderContext, RenderError, RenderErrorReason, Renderable, TemplateError, WriteOutput, no_escape,
};
use serde::Serialize;

use crate::steps::{STEPS_MAX, Steps, count_steps, pay};
use crate::text::harmless;
use session::failure::Sentence;
use session::settings::TEMPLATE_NAMES;

/// The longest template taken; a whole connection document has no more room (vendor reference: 64 KiB per secret).
const TEMPLATE_BYTES_MAX: usize = 64 * 1024;

/// The deepest nesting of blocks taken, counting each `else if` as one more. Parsing and rendering recurse, and a
/// stack that overflows takes the whole process with it. The built-in templates need four.
const NESTING_MAX: usize = 50;

/// The most that one template may write: more than an attachment holds, so that what is cut there is seen to be cut.
/// Loops within loops over a long session would fill the memory otherwise.
const OUTPUT_BYTES_MAX: usize = 8 * 1024 * 1024;
const _: () = assert!(OUTPUT_BYTES_MAX > crate::ATTACHMENT_BYTES_MAX);

/// One of the templates; its [`name`](Self::name) is the one of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TemplateName {
    SessionNote,
    SessionNoteCustomer,
    CustomerNote,
    CustomerSurvey,
    RepresentativeSurvey,
    TimeEntrySummary,
    TimeEntryInternal,
}

impl TemplateName {
    const fn name(self) -> &'static str {
        match self {
            Self::SessionNote => "session_note",
            Self::SessionNoteCustomer => "session_note_customer",
            Self::CustomerNote => "customer_note",
            Self::CustomerSurvey => "customer_survey",
            Self::RepresentativeSurvey => "representative_survey",
            Self::TimeEntrySummary => "time_entry_summary",
            Self::TimeEntryInternal => "time_entry_internal",
        }
    }
}

/// The built-in texts, under their names in the settings.
pub(crate) const BUILT_IN_TEXTS: [(&str, &str); 7] = [
    ("session_note", include_str!("../templates/session_note.hbs")),
    ("session_note_customer", include_str!("../templates/session_note_customer.hbs")),
    ("customer_note", include_str!("../templates/customer_note.hbs")),
    ("customer_survey", include_str!("../templates/customer_survey.hbs")),
    ("representative_survey", include_str!("../templates/representative_survey.hbs")),
    ("time_entry_summary", include_str!("../templates/time_entry_summary.hbs")),
    ("time_entry_internal", include_str!("../templates/time_entry_internal.hbs")),
];

static BUILT_IN: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = registry();
    for (name, text) in BUILT_IN_TEXTS {
        registry.register_template_string(name, text).expect("a constant text that the tests parse");
    }
    registry
});

fn registry() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.register_escape_fn(no_escape);
    // A field that does not exist is a mistake to be reported, not a blank to be wondered at.
    registry.set_strict_mode(true);
    // It would put what a customer wrote into our log.
    registry.unregister_helper("log");
    registry
}

/// A template that could not be used; the built-in one was used instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplateProblem {
    /// Its name in the settings.
    pub template: String,
    /// What is wrong and where. Nothing of the session.
    pub what: Sentence,
}

impl TemplateProblem {
    fn new(template: &str, what: &str) -> Self {
        Self { template: Sentence::new(template).as_str().to_owned(), what: Sentence::new(what) }
    }
}

/// The templates of one connection.
#[derive(Debug, Clone)]
pub struct Templates {
    overrides: Handlebars<'static>,
}

impl Default for Templates {
    /// The built-in ones.
    fn default() -> Self {
        Self { overrides: registry() }
    }
}

impl Templates {
    /// The built-in templates, each replaced by the override of its name, and the overrides that cannot be used.
    #[must_use]
    pub fn new(overrides: &BTreeMap<String, String>) -> (Self, Vec<TemplateProblem>) {
        let mut templates = Self::default();
        let mut problems = Vec::new();
        for (name, text) in overrides {
            if let Err(problem) = templates.add(name, text) {
                problems.push(problem);
            }
        }
        // Parsed here rather than at the first session: the time before the first event is the cheapest there is.
        LazyLock::force(&BUILT_IN);
        (templates, problems)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateProblem> {
        let problem = |what: &str| Err(TemplateProblem::new(name, what));
        if !TEMPLATE_NAMES.contains(&name) {
            return problem(&format!("there is no such template; there are {}", TEMPLATE_NAMES.join(", ")));
        }
        if text.len() > TEMPLATE_BYTES_MAX {
            return problem(&format!("longer than {TEMPLATE_BYTES_MAX} bytes"));
        }
        if is_nested_too_deep(text) {
            return problem(&format!("nested deeper than {NESTING_MAX} levels"));
        }
        let mut template = match Template::compile(text) {
            Ok(template) => template,
            Err(error) => return problem(&parse_problem(&error)),
        };
        if includes_others(&template) {
            return problem("partials and decorators are not supported");
        }
        count_steps(&mut template);
        self.overrides.register_template(name, template);
        Ok(())
    }

    /// The text that the template makes of the data, [`harmless`] and without white space at its end. Never blank, and never a
    /// failure: if the override fails, the problem is noted (once) and the built-in template is used.
    pub(crate) fn render(&self, name: TemplateName, data: &impl Serialize, problems: &mut Vec<TemplateProblem>) -> String {
        let name = name.name();
        let failed_before = problems.iter().any(|problem| problem.template == name);
        if let Some(template) = self.overrides.get_template(name).filter(|_| !failed_before) {
            let steps = Steps::new();
            match render_bounded(&self.overrides, template, data, Some(&steps)) {
                (text, Ok(())) if !text.is_empty() => return text,
                (_, Ok(())) => problems.push(TemplateProblem::new(name, "it rendered nothing")),
                (_, Err(error)) => problems.push(TemplateProblem::new(name, &render_problem(&error, steps.are_used_up()))),
            }
        }
        let built_in = BUILT_IN.get_template(name).ok_or_else(|| RenderErrorReason::TemplateNotFound(name.to_owned()).into());
        match built_in
            .map_or_else(|error| (String::new(), Err(error)), |template| render_bounded(&BUILT_IN, template, data, None))
        {
            (text, Ok(())) => text,
            // The session itself is longer than anything can hold; what is there is used, and cut further on.
            (text, Err(error)) if matches!(error.reason(), RenderErrorReason::IOError(_)) => text,
            (_, Err(error)) => {
                problems.push(TemplateProblem::new(name, &format!("built-in template: {}", render_problem(&error, false))));
                "(This text could not be made; see the appliance's own report of the session.)".to_owned()
            }
        }
    }
}

/// What the template wrote, and whether that is all. Without `steps` they are not counted: the built-in templates have no loops
/// within loops.
fn render_bounded(
    registry: &Handlebars<'_>,
    template: &Template,
    data: &impl Serialize,
    steps: Option<&Steps>,
) -> (String, Result<(), RenderError>) {
    let mut output = BoundedOutput { text: Vec::new() };
    let outcome = Context::wraps(data).and_then(|data| {
        let mut context = RenderContext::new(template.name.as_ref());
        if let Some(steps) = steps {
            pay(&mut context, steps);
        }
        template.render(registry, &data, &mut context, &mut WriteOutput::new(&mut output))
    });
    let mut text = harmless(String::from_utf8_lossy(&output.text).into_owned());
    text.truncate(text.trim_end().len());
    (text, outcome)
}

/// Takes [`OUTPUT_BYTES_MAX`] and no more; the last character may be cut.
struct BoundedOutput {
    text: Vec<u8>,
}

impl Write for BoundedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = OUTPUT_BYTES_MAX - self.text.len();
        if room == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let taken = &bytes[..bytes.len().min(room)];
        self.text.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn parse_problem(error: &TemplateError) -> String {
    match error.pos() {
        Some((line, column)) => format!("line {line}, column {column}: {}", error.reason()),
        None => error.reason().to_string(),
    }
}

/// Says what is wrong with the template; reasons that may quote the data are left general.
fn render_problem(error: &RenderError, no_steps_left: bool) -> String {
    let what = match error.reason() {
        _ if no_steps_left => format!("it takes more than {STEPS_MAX} steps: are there loops within loops?"),
        RenderErrorReason::MissingVariable(Some(path)) => format!("there is no field {path}"),
        RenderErrorReason::HelperNotFound(helper) => format!("there is no helper {helper}"),
        RenderErrorReason::IOError(_) => format!("it writes more than {OUTPUT_BYTES_MAX} bytes"),
        RenderErrorReason::ParamNotFoundForIndex(helper, _) => format!("{helper} lacks a parameter"),
        _ => "it cannot be rendered".to_owned(),
    };
    match (error.line_no, error.column_no) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: {what}"),
        _ => what,
    }
}

/// A rough count that errs on the deep side, made before the real parser recurses.
fn is_nested_too_deep(text: &str) -> bool {
    let mut open_blocks = 0_usize;
    let mut else_ifs = 0_usize;
    for tag in text.split("{{").skip(1) {
        let tag = tag.split("}}").next().unwrap_or_default().trim_start_matches(['{', '~', '&']).trim_start();
        match tag.as_bytes().first() {
            Some(b'#' | b'^') => open_blocks += 1,
            Some(b'/') => open_blocks = open_blocks.saturating_sub(1),
            _ if tag.starts_with("else ") => else_ifs += 1,
            _ => {}
        }
        let brackets = tag.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{')).count();
        if open_blocks + else_ifs > NESTING_MAX || brackets > NESTING_MAX {
            return true;
        }
    }
    false
}

/// Inclusion could go round in circles; no template here is long enough to need it.
fn includes_others(template: &Template) -> bool {
    let in_block = |helper: &HelperTemplate| {
        helper.template.as_ref().is_some_and(includes_others) || helper.inverse.as_ref().is_some_and(includes_others)
    };
    template.elements.iter().any(|element| match element {
        TemplateElement::HelperBlock(helper) => in_block(helper),
        TemplateElement::RawString(_)
        | TemplateElement::Comment(_)
        | TemplateElement::Expression(_)
        | TemplateElement::HtmlExpression(_) => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What an override of the summary makes of the data, and what was wrong with it.
    fn render(text: &str, data: &serde_json::Value) -> (String, Vec<TemplateProblem>) {
        let (templates, mut problems) = Templates::new(&BTreeMap::from([("time_entry_summary".to_owned(), text.to_owned())]));
        let text = templates.render(TemplateName::TimeEntrySummary, data, &mut problems);
        (text, problems)
    }

    fn data() -> serde_json::Value {
        json!({ "summary": "built-in", "name": "<Jörg> & \"Co\"", "many": vec!["x".repeat(1000); 300], "hundred": vec![0; 100] })
    }

    #[test]
    fn names_are_those_of_the_settings() {
        assert_eq!(BUILT_IN_TEXTS.map(|(name, _)| name), TEMPLATE_NAMES);
    }

    #[test]
    fn override_is_plain_text_and_not_escaped() {
        assert_eq!(render("{{name}} {{{name}}}\n\n", &data()), ("<Jörg> & \"Co\" <Jörg> & \"Co\"".to_owned(), vec![]));
    }

    #[test]
    fn broken_override_is_reported_and_replaced() {
        for (text, what) in [
            ("{{#if name}}", "line 1"),
            ("{{nam}}", "there is no field"),
            ("line\n{{nosuch name}}", "line 2"),
            ("{{log name}}", "no helper log"),
            ("{{> time_entry_summary}}", "partials"),
            ("{{#if name}}{{#*inline \"x\"}}{{> x}}{{/inline}}{{/if}}", "partials"),
            ("   \n", "nothing"),
            ("{{#each many}}{{#each ../many}}{{this}}{{/each}}{{/each}}", "more than"),
            ("{{#each hundred}}{{#each ../hundred}}{{#each ../../hundred}}{{/each}}{{/each}}{{/each}}", "steps"),
            (&"{{#if name}}".repeat(1000), "nested"),
            (&format!("{{{{#if name}}}}{}{{{{/if}}}}", "{{else if name}}".repeat(1000)), "nested"),
            (&format!("{{{{eq {}", "(eq ".repeat(1000)), "nested"),
            (&"x".repeat(TEMPLATE_BYTES_MAX + 1), "longer"),
        ] {
            let (rendered, problems) = render(text, &data());
            assert_eq!(rendered, "built-in");
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].what.as_str().contains(what), "{problems:?}");
        }
    }

    #[test]
    fn loops_that_write_nothing_end_in_time_and_say_where_they_are() {
        let wide = "{{../../name}}".repeat(2000);
        for text in [
            "x\n{{#each hundred}}{{#each ../hundred}}{{#each ../../hundred}}{{/each}}{{/each}}{{/each}}",
            "x\n{{#each hundred}}{{#each ../hundred}}{{#each ../../hundred}}{{#if @first}}{{/if}}{{/each}}{{/each}}{{/each}}",
            // Few turns, in which much is done.
            &format!(
                "x\n{{{{#each hundred}}}}{{{{#each ../hundred}}}}{{{{#if false}}}}{{{{else}}}}{wide}{{{{/if}}}}{{{{/each}}}}{{{{/each}}}}"
            ),
            &format!(
                "x\n{{{{#each hundred}}}}{{{{#each ../hundred}}}}{{{{#if {}hundred}}}}{{{{/if}}}}{{{{/each}}}}{{{{/each}}}}",
                "../".repeat(1000)
            ),
            // Much data in each turn.
            "x\n{{#each hundred}}{{#each ../hundred}}{{#if (eq ../../many ../../many)}}{{/if}}{{/each}}{{/each}}",
            "x\n{{#each hundred}}{{#each ../hundred}}{{#with (lookup ../../this \"many\")}}{{/with}}{{/each}}{{/each}}",
        ] {
            let data = json!({ "summary": "built-in", "name": "", "many": vec!["x".repeat(1000); 300], "hundred": vec![0; 100] });
            let (rendered, problems) = render(text, &data);
            assert_eq!(rendered, "built-in", "{text}");
            let what = problems[0].what.as_str();
            assert!(what.starts_with("line 2, column ") && what.contains("loops within loops"), "{what}");
        }
    }

    #[test]
    fn loop_over_the_longest_session_is_no_matter() {
        let line = "{{#if gap}}{{gap}}{{else}}{{#if day}}--- {{day}} ---{{/if}}{{#if chat}}{{time}} {{name}}{{#if to}} (to {{to}}){{/if}}: {{text}}\n\
                    {{else}}{{time}} * {{name}} {{text}}{{/if}}{{/if}}";
        let entry = json!({ "gap": null, "day": null, "chat": true, "time": "14:02", "name": "n", "to": null, "text": "t" });
        let data = json!({ "summary": "built-in", "timeline": vec![entry; 35_000] });
        let (rendered, problems) = render(&format!("{{{{#each timeline}}}}{line}{{{{/each}}}}"), &data);
        assert_eq!((rendered.lines().count(), problems), (35_000, vec![]));
    }

    #[test]
    fn counting_steps_changes_no_text_and_no_position() {
        let data = json!({ "summary": "built-in", "yes": true, "one": [1], "two": { "a": "b" }, "none": [] });
        for (text, expected) in [
            ("{{#if yes}}\n  a\n{{else}}\n  b\n{{/if}}\nc", "  a\nc"),
            ("{{#unless yes}}a{{else if yes}}b{{else}}c{{/unless}}", "b"),
            ("{{#each one}}{{this}}{{@index}}{{/each}}{{#each none}}x{{else}}-{{/each}}", "10-"),
            ("{{#with two}}{{a}}{{/with}}{{lookup two \"a\"}}{{lookup one 0}}", "bb1"),
            ("{{eq yes true}} {{ne one 1}} {{#if (eq two.a \"b\")}}c{{/if}}{{#eq yes false}}d{{else}}e{{/eq}}", "true true ce"),
            ("{{#each two as |value key|}}{{key}}={{value}}{{/each}}{{#if (and yes (not none))}}f{{/if}}", "a=bf"),
        ] {
            assert_eq!(render(text, &data), (expected.to_owned(), vec![]), "{text}");
        }
        for (text, expected) in [
            ("a\n{{#if yes}}\n  {{nothing}}{{/if}}", "line 3, column 3: there is no field nothing"),
            ("{{lookup two \"b\"}}", "line 1, column 1: it cannot be rendered"),
            ("{{eq nothing 1}}", "line 1, column 1: eq lacks a parameter"),
        ] {
            assert_eq!(render(text, &data).1[0].what.as_str(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_harmless_whoever_wrote_it() {
        let (rendered, _) =
            render("[{{name}}/note.session] \u{202E}x\u{2028}{{name}}", &json!({ "summary": "", "name": "a\u{2066}b" }));
        assert_eq!(rendered, "(ab/note.session) xab");
        let (rendered, problems) = render("\u{202E}", &json!({ "summary": "built-in" }));
        assert_eq!((rendered.as_str(), problems[0].what.as_str()), ("built-in", "it rendered nothing"));
    }

    #[test]
    fn unknown_name_is_reported() {
        let (_, problems) = Templates::new(&BTreeMap::from([("sesion_note".to_owned(), String::new())]));
        assert_eq!(problems[0].template, "sesion_note");
        assert!(problems[0].what.as_str().contains("there are session_note,"));
    }

    #[test]
    fn failing_override_is_reported_once_however_often_it_is_used() {
        let (templates, mut problems) = Templates::new(&BTreeMap::from([("time_entry_summary".to_owned(), "{{x}}".to_owned())]));
        for _ in 0..3 {
            templates.render(TemplateName::TimeEntrySummary, &data(), &mut problems);
        }
        assert_eq!(problems.len(), 1);
    }

    proptest! {
        #[test]
        fn any_template_text_ends_in_a_text(text in "([{}#/^!>*~()\\[\\] a-z\"'.@|=\\n]|\\{\\{|\\}\\}|name|many|#if |/if|else|each|this){0,60}") {
            let (rendered, _) = render(&text, &json!({ "summary": "built-in", "name": "n", "many": ["x"] }));
            prop_assert!(!rendered.is_empty());
        }
    }
}
