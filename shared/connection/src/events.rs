//! The key `events`: which events are processed, and with which settings of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use session::EventKind;

/// Event name -> setting. Names that are no event are kept, to be warned of.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Events(BTreeMap<String, EventSetting>);

impl Events {
    /// What the document says of that event, if anything.
    pub(crate) fn of(&self, kind: EventKind) -> Option<EventSetting> {
        self.0.get(kind.name()).copied()
    }

    /// All that the document names, events or not.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, EventSetting)> {
        self.0.iter().map(|(name, setting)| (name.as_str(), *setting))
    }
}

/// Whether and how events of a kind are processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSetting {
    /// They are ignored.
    Off,
    /// They are processed.
    On,
    /// They are processed, with settings of their own.
    With(EventOptions),
}

/// Settings of one kind of event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(default)]
pub struct EventOptions {
    /// How long an event of this kind is tried; hours. Default: the document's `retry_hours`.
    pub retry_hours: Option<u32>,
}

impl<'de> Deserialize<'de> for EventSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not an untagged enum: that would hide unknown keys and the path of an error.
        deserializer.deserialize_any(SettingVisitor)
    }
}

struct SettingVisitor;

impl<'de> Visitor<'de> for SettingVisitor {
    type Value = EventSetting;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true, false or an object, as in { \"retry_hours\": 24 }")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<EventSetting, E> {
        Ok(if on { EventSetting::On } else { EventSetting::Off })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EventSetting, A::Error> {
        EventOptions::deserialize(MapAccessDeserializer::new(map)).map(EventSetting::With)
    }
}

impl JsonSchema for Events {
    fn schema_name() -> Cow<'static, str> {
        "Events".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let setting = generator.subschema_for::<EventSetting>();
        let properties: BTreeMap<_, _> = EventKind::ALL.into_iter().map(|kind| (kind.name(), &setting)).collect();
        json_schema!({ "type": "object", "properties": properties })
    }
}

impl JsonSchema for EventSetting {
    fn schema_name() -> Cow<'static, str> {
        "EventSetting".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let options = generator.subschema_for::<EventOptions>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, options] })
    }
}
