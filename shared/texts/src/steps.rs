//! Bounds how long a template works, without a clock: it has so many steps, and ends with an error when they are used up.
//!
//! What a template writes is bounded elsewhere; loops within loops that write nothing would go on for minutes all the same, and hold
//! the worker. So every block of a template is given one more element at its beginning when it is read, which pays for the
//! block's own elements each time that the block is gone through. The two helpers whose work depends on the data (a look-up
//! copies what it finds, a comparison goes through both sides) pay for that themselves.

use std::sync::atomic::{AtomicU64, Ordering};

use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, Output, RenderContext, RenderError, RenderErrorReason, Renderable, ScopedJson,
};
use serde_json::Value;

/// The most steps of one text. A step is about one small expression; all of them take half a second where nothing is optimised, and a
/// note is rendered ten times at most until it fits. The built-in template takes 40 for each line of chat, and the longest session
/// that the reader keeps has 35,000 of these: a quarter.
pub(crate) const STEPS_MAX: u64 = 5_000_000;

/// A turn of a loop costs so many steps besides what is in it.
const TURN_STEPS: u64 = 10;

/// So many bytes of a text that is written or compared, or of a name that is looked up, count as one step.
const BYTES_A_STEP: usize = 64;

/// The name of the element that pays for a block. A template that has it of its own only has fewer steps.
const PAYING: &str = "steps_of_this_block";

/// The steps that are left of one text.
pub(crate) struct Steps(AtomicU64);

impl Steps {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(STEPS_MAX))
    }

    /// Whether a template has used all of them.
    pub(crate) fn are_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn take(&self, steps: u64) -> Result<(), RenderError> {
        // One thread renders one text; the type is one that a helper may hold.
        let left = self.0.load(Ordering::Relaxed).saturating_sub(steps);
        self.0.store(left, Ordering::Relaxed);
        if left == 0 { Err(RenderErrorReason::Other("no steps left".to_owned()).into()) } else { Ok(()) }
    }
}

/// Makes every block of the template pay for itself.
pub(crate) fn count_steps(template: &mut Template) {
    let mut steps = TURN_STEPS;
    for (element, position) in template.elements.iter_mut().zip(&template.mapping) {
        steps = steps.saturating_add(steps_of(element));
        if let TemplateElement::HelperBlock(helper) = element {
            for block in [&mut helper.template, &mut helper.inverse].into_iter().flatten() {
                count_steps(block);
                // An error is told with the place of the loop, not with one that nobody wrote.
                block.mapping[0].clone_from(position);
            }
        }
    }
    let paying = Template::compile(&format!("{{{{{PAYING} {steps}}}}}")).expect("a constant and a number, which the tests parse");
    template.elements.splice(0..0, paying.elements);
    template.mapping.splice(0..0, paying.mapping);
}

fn steps_of(element: &TemplateElement) -> u64 {
    match element {
        TemplateElement::RawString(text) => steps_of_bytes(text.len()),
        TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) | TemplateElement::HelperBlock(helper) => {
            steps_of_helper(helper)
        }
        _ => 1,
    }
}

fn steps_of_helper(helper: &HelperTemplate) -> u64 {
    let parameters = helper.params.iter().chain(helper.hash.values());
    steps_of_parameter(&helper.name).saturating_add(parameters.map(steps_of_parameter).sum())
}

fn steps_of_parameter(parameter: &Parameter) -> u64 {
    match parameter {
        Parameter::Subexpression(inner) => steps_of(inner.as_element()),
        Parameter::Literal(value) => steps_of_value(value),
        // A path of many parts takes a step for each.
        named => named.as_name().map_or(1, |name| 1 + name.matches(['.', '/']).count() as u64),
    }
}

/// What it takes to go through a value.
fn steps_of_value(value: &Value) -> u64 {
    match value {
        Value::String(text) => steps_of_bytes(text.len()),
        Value::Array(values) => values.iter().fold(1, |steps, value| steps + steps_of_value(value)),
        Value::Object(members) => members.values().fold(1, |steps, value| steps + steps_of_value(value)),
        _ => 1,
    }
}

const fn steps_of_bytes(bytes: usize) -> u64 {
    1 + (bytes / BYTES_A_STEP) as u64
}

/// Has what is rendered with this context pay from those steps.
pub(crate) fn pay<'rc>(context: &mut RenderContext<'_, 'rc>, steps: &'rc Steps) {
    context.register_local_helper(PAYING, Box::new(Paying(steps)));
    context.register_local_helper("lookup", Box::new(Lookup(steps)));
    context.register_local_helper("eq", Box::new(Comparison { equal: true, steps }));
    context.register_local_helper("ne", Box::new(Comparison { equal: false, steps }));
}

/// Pays for a block; writes nothing.
struct Paying<'rc>(&'rc Steps);

impl HelperDef for Paying<'_> {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> Result<(), RenderError> {
        self.0.take(helper.param(0).and_then(|steps| steps.value().as_u64()).unwrap_or(1))
    }
}

/// The engine's `lookup`, which pays for what it finds.
struct Lookup<'rc>(&'rc Steps);

impl HelperDef for Lookup<'_> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let index = parameter(helper, "lookup", 1, false)?;
        let found = match parameter(helper, "lookup", 0, false)? {
            Value::Array(values) => index.as_u64().and_then(|index| values.get(usize::try_from(index).ok()?)),
            Value::Object(members) => index.as_str().and_then(|name| members.get(name)),
            _ => None,
        };
        if found.is_none() && registry.strict_mode() {
            return Err(RenderError::strict_error(None));
        }
        let found = found.unwrap_or(&Value::Null);
        self.0.take(steps_of_value(found))?;
        Ok(ScopedJson::Derived(found.clone()))
    }
}

/// The engine's `eq` and `ne`, which pay for what they compare.
struct Comparison<'rc> {
    equal: bool,
    steps: &'rc Steps,
}

impl Comparison<'_> {
    fn holds(&self, helper: &Helper<'_>, strict: bool) -> Result<bool, RenderError> {
        let name = if self.equal { "eq" } else { "ne" };
        let (one, other) = (parameter(helper, name, 0, strict)?, parameter(helper, name, 1, strict)?);
        self.steps.take(steps_of_value(one))?;
        Ok((one == other) == self.equal)
    }
}

impl HelperDef for Comparison<'_> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(Value::Bool(self.holds(helper, registry.strict_mode())?)))
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        data: &'rc Context,
        context: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> Result<(), RenderError> {
        let holds = self.holds(helper, registry.strict_mode())?;
        if !helper.is_block() {
            return Ok(output.write(if holds { "true" } else { "false" })?);
        }
        let block = if holds { helper.template() } else { helper.inverse() };
        block.map_or(Ok(()), |block| block.render(registry, data, context, output))
    }
}

/// The value of a helper's parameter; with `strict`, a field that does not exist is no value.
fn parameter<'h>(helper: &'h Helper<'_>, name: &'static str, index: usize, strict: bool) -> Result<&'h Value, RenderError> {
    let parameter = helper.param(index).filter(|parameter| !(strict && parameter.is_value_missing()));
    parameter.map(|parameter| parameter.value()).ok_or_else(|| RenderErrorReason::ParamNotFoundForIndex(name, index).into())
}
