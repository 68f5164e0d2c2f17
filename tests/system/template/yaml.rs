//! YAML as far as a CloudFormation template goes, as the JSON that CloudFormation makes of it: `!Ref X` becomes `{"Ref": "X"}`,
//! `!Sub x` becomes `{"Fn::Sub": "x"}`. So a test sees whether a name stands for itself or for a resource.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Value};

type Events<'a> = dyn Iterator<Item = Result<(Event<'a>, Span), ScanError>> + 'a;

/// The one document of that text.
pub(crate) fn read(text: &str) -> Value {
    let mut events = Parser::new_from_str(text);
    let first = next(&mut events);
    node(first, &mut events)
}

fn next<'a>(events: &mut Events<'a>) -> Event<'a> {
    loop {
        match events.next().expect("the document has an end").unwrap().0 {
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
            event => return event,
        }
    }
}

fn node<'a>(event: Event<'a>, events: &mut Events<'a>) -> Value {
    match event {
        Event::Scalar(text, style, _, tag) => tagged(tag.as_deref(), scalar(&text, style)),
        Event::SequenceStart(_, tag) => tagged(tag.as_deref(), sequence(events)),
        Event::MappingStart(_, tag) => tagged(tag.as_deref(), mapping(events)),
        other => panic!("no part of a template: {other:?}"),
    }
}

fn sequence(events: &mut Events<'_>) -> Value {
    let mut items = Vec::new();
    loop {
        match next(events) {
            Event::SequenceEnd => return items.into(),
            event => items.push(node(event, events)),
        }
    }
}

fn mapping(events: &mut Events<'_>) -> Value {
    let mut members = Map::new();
    loop {
        let key = match next(events) {
            Event::MappingEnd => return members.into(),
            event => node(event, events).as_str().expect("keys are texts").to_owned(),
        };
        let event = next(events);
        let earlier = members.insert(key.clone(), node(event, events));
        assert!(earlier.is_none(), "{key} is there twice");
    }
}

/// A plain number is one; what is in quotes or a block is a text.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    let number = (style == ScalarStyle::Plain).then(|| text.parse::<i64>().ok()).flatten();
    number.map_or_else(|| text.into(), Value::from)
}

fn tagged(tag: Option<&Tag>, value: Value) -> Value {
    match tag {
        None => value,
        Some(tag) => {
            let name = if matches!(tag.suffix.as_str(), "Ref" | "Condition") {
                tag.suffix.clone()
            } else {
                format!("Fn::{}", tag.suffix)
            };
            Map::from_iter([(name, value)]).into()
        }
    }
}

#[test]
fn short_forms_are_written_out() {
    let text = "a: !Ref B\nc: [!GetAtt D.E, 1, '1']\nf: !If [G, !Ref B, x]\n";
    let expected = serde_json::json!({
        "a": { "Ref": "B" },
        "c": [{ "Fn::GetAtt": "D.E" }, 1, "1"],
        "f": { "Fn::If": ["G", { "Ref": "B" }, "x"] },
    });
    assert_eq!(read(text), expected);
}
