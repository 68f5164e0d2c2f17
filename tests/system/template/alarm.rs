//! An alarm of the template, judged as CloudWatch judges it, over the metrics in lines of the embedded metric format. Only as much
//! of it as the template uses; what it does not know it refuses rather than take for something else.

use std::collections::BTreeMap;

use serde_json::Value;

/// Dimensions and their values.
type Dimensions = BTreeMap<String, String>;

/// One metric's value at one time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Datapoint {
    namespace: String,
    metric: String,
    dimensions: Dimensions,
    at_second: i64,
    value: f64,
}

/// What CloudWatch makes of a line: a value for each metric in each set of dimensions.
pub(crate) fn datapoints(line: &str) -> Vec<Datapoint> {
    let line: Value = serde_json::from_str(line).unwrap();
    let at_second = line["_aws"]["Timestamp"].as_i64().unwrap() / 1000;
    let mut datapoints = Vec::new();
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
        for (metric, names) in product(directive) {
            datapoints.push(Datapoint {
                namespace: text(&directive["Namespace"]),
                value: line[&metric].as_f64().unwrap(),
                metric,
                dimensions: names.iter().map(|name| (text(name), text(&line[name.as_str().unwrap()]))).collect(),
                at_second,
            });
        }
    }
    datapoints
}

fn product(directive: &Value) -> impl Iterator<Item = (String, &Vec<Value>)> {
    let sets = || directive["Dimensions"].as_array().unwrap().iter().map(|set| set.as_array().unwrap());
    directive["Metrics"].as_array().unwrap().iter().flat_map(move |metric| sets().map(|set| (text(&metric["Name"]), set)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// An alarm on one metric.
#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) dimensions: Dimensions,
    statistic: Statistic,
    period_seconds: i64,
    periods: usize,
    datapoints_to_alarm: usize,
    threshold: f64,
}

#[derive(Debug, Clone, Copy)]
enum Statistic {
    Sum,
    Maximum,
}

impl Alarm {
    /// The alarm with these properties in the template. Where it refers to a resource, the value is the resource's name there.
    pub(crate) fn read(properties: &Value) -> Self {
        for member in properties.as_object().unwrap().keys() {
            assert!(KNOWN.contains(&member.as_str()), "the evaluation knows nothing of {member}");
        }
        assert_eq!(properties["ComparisonOperator"], "GreaterThanThreshold");
        assert_eq!(properties["TreatMissingData"], "notBreaching");
        let number = |name: &str| properties[name].as_i64().unwrap_or_else(|| panic!("{name} is no number"));
        let periods = usize::try_from(number("EvaluationPeriods")).unwrap();
        Self {
            namespace: text(&properties["Namespace"]),
            metric: text(&properties["MetricName"]),
            dimensions: properties["Dimensions"].as_array().unwrap().iter().map(dimension).collect(),
            statistic: match properties["Statistic"].as_str() {
                Some("Sum") => Statistic::Sum,
                Some("Maximum") => Statistic::Maximum,
                other => panic!("no statistic is called {other:?}"),
            },
            period_seconds: number("Period"),
            periods,
            datapoints_to_alarm: properties["DatapointsToAlarm"]
                .as_u64()
                .map_or(periods, |count| usize::try_from(count).unwrap()),
            #[expect(clippy::cast_precision_loss, reason = "thresholds are small")]
            threshold: number("Threshold") as f64,
        }
    }

    /// Whether it is in alarm at that second, over all that the functions have printed.
    pub(crate) fn is_fired_by(&self, lines: &[String], at_second: i64) -> bool {
        let mine: Vec<Datapoint> = lines.iter().flat_map(|line| datapoints(line)).filter(|point| self.watches(point)).collect();
        let last = at_second.div_euclid(self.period_seconds);
        let first = last - i64::try_from(self.periods).unwrap() + 1;
        let breaching = (first..=last).filter(|period| self.breaches(&mine, *period)).count();
        breaching >= self.datapoints_to_alarm
    }

    fn watches(&self, point: &Datapoint) -> bool {
        (&point.namespace, &point.metric, &point.dimensions) == (&self.namespace, &self.metric, &self.dimensions)
    }

    fn breaches(&self, points: &[Datapoint], period: i64) -> bool {
        let values =
            points.iter().filter(|point| point.at_second.div_euclid(self.period_seconds) == period).map(|point| point.value);
        let statistic = match self.statistic {
            Statistic::Sum => values.reduce(|sum, value| sum + value),
            Statistic::Maximum => values.reduce(f64::max),
        };
        statistic.is_some_and(|value| value > self.threshold)
    }
}

const KNOWN: [&str; 13] = [
    "AlarmDescription",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "AlarmActions",
    "OKActions",
];

/// `function` must refer to a function, whose name is not known before it is deployed; every other value stands for itself.
fn dimension(dimension: &Value) -> (String, String) {
    let name = text(&dimension["Name"]);
    let value = if name == "function" { text(&dimension["Value"]["Ref"]) } else { text(&dimension["Value"]) };
    (name, value)
}
