//! A DynamoDB table in memory: `GetItem`, `PutItem` and `UpdateItem` with the expressions that the functions use. Its answers
//! are right, so that conditions hold and fail as they should; what it cannot read it refuses.
//!
//! The grammar: `SET path = value, …`, `ADD`, `REMOVE`; values are `:name`, a path or `if_not_exists(path, value)`. Conditions are
//! comparisons, `attribute_exists` and `attribute_not_exists`, with `AND`, `OR` and brackets. Whole numbers alone are added and compared.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// The names of the attributes that make the key; the ledger's and the rival's table are alike.
const KEY: [&str; 2] = ["appliance", "lsid"];

type Item = Map<String, Value>;

/// What a unit pays for: a write of so many bytes, a consistent read of so many.
const WRITE_UNIT_BYTES: usize = 1024;
const READ_UNIT_BYTES: usize = 4096;

/// The items, by key.
#[derive(Default)]
pub(crate) struct Table {
    items: HashMap<String, Item>,
    pub(crate) units: Units,
}

/// What DynamoDB would charge for.
#[derive(Default)]
pub(crate) struct Units {
    pub(crate) write: u64,
    pub(crate) read: u64,
    /// Bytes of the largest item that was written.
    pub(crate) largest_item: usize,
}

impl Table {
    /// The answer to `GetItem`.
    pub(crate) fn get(&mut self, call: &Value) -> Value {
        let found = self.items.get(&key_of(&call["Key"]));
        self.units.read += units(found.map_or(0, size), READ_UNIT_BYTES);
        match found {
            Some(item) => json!({ "Item": item }),
            None => json!({}),
        }
    }

    /// The answer to `PutItem` or `UpdateItem`.
    ///
    /// # Errors
    /// The refusal: the condition does not hold, or the expression is beyond this table.
    pub(crate) fn write(&mut self, operation: &str, call: &Value) -> Result<Value, Value> {
        let given = if operation == "PutItem" { &call["Item"] } else { &call["Key"] };
        let key = key_of(given);
        let old = self.items.get(&key).cloned();
        let item = old.clone().unwrap_or_default();
        let old_size = size(&item);
        if let Some(condition) = call["ConditionExpression"].as_str()
            && !Reader::new(condition, call).condition(&item).map_err(|problem| unreadable(condition, problem))?
        {
            return Err(condition_failed(call, old));
        }
        let new = match call["UpdateExpression"].as_str() {
            None => given.as_object().cloned().unwrap_or_default(),
            Some(update) => {
                let keys = given.as_object().cloned().unwrap_or_default();
                let with_key = item.into_iter().chain(keys).collect();
                Reader::new(update, call).update(&with_key).map_err(|problem| unreadable(update, problem))?
            }
        };
        let answer = match call["ReturnValues"].as_str() {
            Some("ALL_NEW") => json!({ "Attributes": new }),
            _ => json!({}),
        };
        self.units.write += units(size(&new).max(old_size), WRITE_UNIT_BYTES);
        self.units.largest_item = self.units.largest_item.max(size(&new));
        self.items.insert(key, new);
        Ok(answer)
    }
}

fn units(bytes: usize, of: usize) -> u64 {
    bytes.div_ceil(of).max(1) as u64
}

/// Names and values, as DynamoDB counts them (roughly, for numbers).
fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 1 };
    match (kind.as_str(), value) {
        ("M", Value::Object(members)) => 3 + members.len() + size(members),
        ("L", Value::Array(values)) => 3 + values.len() + values.iter().map(size_of_value).sum::<usize>(),
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        ("B", Value::String(base64)) => base64.len() * 3 / 4,
        (_, Value::String(text)) => text.len(),
        _ => 1,
    }
}

fn key_of(attributes: &Value) -> String {
    KEY.map(|name| attributes[name]["S"].as_str().unwrap_or_default()).join(" ")
}

fn condition_failed(call: &Value, old: Option<Item>) -> Value {
    let mut failure = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
    });
    if let Some(old) = old.filter(|_| call["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD") {
        failure["Item"] = Value::Object(old);
    }
    failure
}

fn unreadable(expression: &str, problem: &str) -> Value {
    json!({
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": format!("the benchmark's table cannot read {expression}: {problem}"),
    })
}

/// Reads an expression, token by token.
struct Reader<'a> {
    tokens: Vec<&'a str>,
    next: usize,
    names: &'a Value,
    values: &'a Value,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    fn new(expression: &'a str, call: &'a Value) -> Self {
        Self {
            tokens: tokens(expression),
            next: 0,
            names: &call["ExpressionAttributeNames"],
            values: &call["ExpressionAttributeValues"],
        }
    }

    fn peek(&self) -> &'a str {
        self.tokens.get(self.next).copied().unwrap_or_default()
    }

    fn take(&mut self) -> &'a str {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is_there = self.peek().eq_ignore_ascii_case(wanted);
        self.next += usize::from(is_there);
        is_there
    }

    fn must_take(&mut self, wanted: &str) -> Read<()> {
        if self.takes(wanted) { Ok(()) } else { Err("something is missing") }
    }

    /// The item after the update; every value is that of before.
    fn update(&mut self, old: &Item) -> Read<Item> {
        let mut new = old.clone();
        while !self.peek().is_empty() {
            let clause = self.take().to_ascii_uppercase();
            loop {
                let name = self.attribute()?;
                match clause.as_str() {
                    "SET" => {
                        self.must_take("=")?;
                        let value = self.value(old)?.ok_or("a value that is not there")?;
                        new.insert(name, value);
                    }
                    "ADD" => {
                        let by = self.value(old)?.as_ref().and_then(whole).ok_or("only whole numbers are added")?;
                        let sum = old.get(&name).and_then(whole).unwrap_or_default() + by;
                        new.insert(name, json!({ "N": sum.to_string() }));
                    }
                    "REMOVE" => {
                        new.remove(&name);
                    }
                    _ => return Err("no such clause"),
                }
                if !self.takes(",") {
                    break;
                }
            }
        }
        Ok(new)
    }

    /// `a AND b OR c`; both sides are always read, since the tokens of both have to go.
    fn condition(&mut self, item: &Item) -> Read<bool> {
        let mut any = self.conjunction(item)?;
        while self.takes("OR") {
            any |= self.conjunction(item)?;
        }
        Ok(any)
    }

    fn conjunction(&mut self, item: &Item) -> Read<bool> {
        let mut all = self.comparison(item)?;
        while self.takes("AND") {
            all &= self.comparison(item)?;
        }
        Ok(all)
    }

    fn comparison(&mut self, item: &Item) -> Read<bool> {
        if self.takes("(") {
            let inner = self.condition(item)?;
            self.must_take(")")?;
            return Ok(inner);
        }
        for (function, wanted) in [("attribute_exists", true), ("attribute_not_exists", false)] {
            if self.takes(function) {
                self.must_take("(")?;
                let found = self.value(item)?.is_some();
                self.must_take(")")?;
                return Ok(found == wanted);
            }
        }
        let left = self.value(item)?;
        let operator = self.take();
        let right = self.value(item)?;
        let order = left.as_ref().zip(right.as_ref()).and_then(|(left, right)| compare(left, right));
        Ok(match operator {
            "=" => order == Some(Ordering::Equal),
            "<>" => order != Some(Ordering::Equal),
            "<" => order == Some(Ordering::Less),
            ">" => order == Some(Ordering::Greater),
            "<=" => order.is_some_and(Ordering::is_le),
            ">=" => order.is_some_and(Ordering::is_ge),
            _ => return Err("no such comparison"),
        })
    }

    fn value(&mut self, item: &Item) -> Read<Option<Value>> {
        if self.peek().starts_with(':') {
            let value = self.values.get(self.take()).cloned();
            return value.map(Some).ok_or("a value without definition");
        }
        if self.takes("if_not_exists") {
            self.must_take("(")?;
            let present = self.value(item)?;
            self.must_take(",")?;
            let otherwise = self.value(item)?;
            self.must_take(")")?;
            return Ok(present.or(otherwise));
        }
        let mut found = item.get(&self.attribute()?);
        while self.takes(".") {
            let member = self.attribute()?;
            found = found.and_then(|value| value["M"].get(member));
        }
        Ok(found.cloned())
    }

    fn attribute(&mut self) -> Read<String> {
        let token = self.take();
        if token.starts_with('#') {
            return self.names[token].as_str().map(str::to_owned).ok_or("a name without definition");
        }
        let is_name = !token.is_empty() && token.bytes().all(is_word);
        if is_name { Ok(token.to_owned()) } else { Err("no name where one should be") }
    }
}

/// Words (with their `#` or `:`), comparison operators, and single signs.
fn tokens(expression: &str) -> Vec<&str> {
    let bytes = expression.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let first = bytes[at];
        let belongs: fn(u8) -> bool = match first {
            b'<' | b'>' => |byte| matches!(byte, b'>' | b'='),
            _ if is_word(first) || matches!(first, b'#' | b':') => is_word,
            _ => |_| false,
        };
        let rest = bytes[at + 1..].iter().take_while(|byte| belongs(**byte)).count();
        if !first.is_ascii_whitespace() {
            tokens.push(expression.get(at..=at + rest).unwrap_or_default());
        }
        at += 1 + rest;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn whole(value: &Value) -> Option<i128> {
    value["N"].as_str()?.parse().ok()
}

/// Two texts, two numbers or two truths; others cannot be compared.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => match (left["S"].as_str(), right["S"].as_str()) {
            (Some(left), Some(right)) => Some(left.cmp(right)),
            _ => Some(left["BOOL"].as_bool()?.cmp(&right["BOOL"].as_bool()?)),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn call(members: &Value) -> Value {
        let mut call = json!({
            "Key": { "appliance": { "S": "default" }, "lsid": { "S": "1" } },
            "ExpressionAttributeNames": { "#fence": "fence", "#pause": "pause", "#until": "until" },
            "ExpressionAttributeValues": { ":one": { "N": "1" }, ":a": { "S": "a" }, ":b": { "S": "b" } },
        });
        call.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        call
    }

    #[test]
    fn update_sets_adds_and_removes() {
        let mut table = Table::default();
        let update = "SET nonce = :a, kept = if_not_exists(kept, :a) ADD #fence :one REMOVE gone";
        for fence in ["1", "2"] {
            let answer = table.write("UpdateItem", &call(&json!({ "UpdateExpression": update, "ReturnValues": "ALL_NEW" })));
            assert_eq!(answer.unwrap()["Attributes"]["fence"]["N"], fence);
        }
        assert_eq!(table.get(&call(&json!({})))["Item"]["kept"]["S"], "a");
    }

    #[test]
    fn conditions_hold_and_fail_as_they_should() {
        let mut table = Table::default();
        let item = json!({ "appliance": { "S": "default" }, "lsid": { "S": "1" }, "fence": { "N": "10" },
            "pause": { "M": { "until": { "S": "a" } } } });
        table.write("PutItem", &call(&json!({ "Item": item }))).unwrap();
        for (condition, holds) in [
            ("attribute_not_exists(#fence)", false),
            ("attribute_not_exists(#until) OR #fence < :one", true),
            ("attribute_not_exists(#fence) OR #fence <= :one", false),
            ("#fence > :one AND #fence <> :one", true),
            ("#pause.#until = :a", true),
            ("attribute_not_exists(#fence) OR (#pause.#until = :b AND #fence > :one)", false),
            ("#pause.#until >= :b", false),
        ] {
            let call = call(&json!({ "ConditionExpression": condition, "UpdateExpression": "SET x = :a" }));
            assert_eq!(table.write("UpdateItem", &call).is_ok(), holds, "{condition}");
        }
    }

    #[test]
    fn failed_condition_brings_the_old_item_when_asked() {
        let mut table = Table::default();
        let put = json!({ "appliance": { "S": "default" }, "lsid": { "S": "1" } });
        table.write("PutItem", &call(&json!({ "Item": put }))).unwrap();
        let again = json!({ "Item": put, "ConditionExpression": "attribute_not_exists(lsid)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD" });
        let refusal = table.write("PutItem", &call(&again)).unwrap_err();
        assert_eq!(refusal["Item"], put);
        assert!(refusal["__type"].as_str().unwrap().ends_with("#ConditionalCheckFailedException"));
    }

    #[test]
    fn expression_beyond_it_is_refused() {
        let call = call(&json!({ "UpdateExpression": "DELETE x :a" }));
        assert!(Table::default().write("UpdateItem", &call).unwrap_err()["message"].as_str().unwrap().contains("cannot read"));
    }
}
