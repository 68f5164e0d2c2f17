//! A line plot as SVG: axes with ticks, a legend, several series, linear or logarithmic. Without a background and in colours that
//! can be read on a dark page and on a light one.
//!
//! It draws what it is given: nothing is measured, smoothed or left out here.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// The plotted area; around it stand title, ticks, labels and legend.
const LEFT: f64 = 90.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 340.0;
/// A character of the legend is about so wide.
const CHARACTER_WIDTH: f64 = 7.2;
/// Contrast of 3 and more against white and against GitHub's dark page.
const COLOURS: [&str; 6] = ["#3b82d6", "#d2691e", "#2e9e5b", "#a05fd0", "#d6456b", "#8a8f2a"];
const GREY: &str = "#808892";
/// About so many ticks on a linear axis.
const TICKS: f64 = 6.0;

/// One line of a plot.
pub(crate) struct Series {
    /// What the legend calls it.
    pub(crate) name: String,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// One axis: what it shows, with its unit.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) label: &'static str,
    /// Each step multiplies. Values of zero and less cannot be shown.
    pub(crate) logarithmic: bool,
}

/// A plot before it is drawn.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
}

impl Plot {
    /// The SVG document.
    pub(crate) fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| series.points.iter().copied());
        let x = Scale::over(points().map(|point| point.0), self.x, LEFT, RIGHT);
        let y = Scale::over(points().map(|point| point.1), self.y, BOTTOM, TOP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"{GREY}\">\n\
             <title>{title}</title>\n<text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"600\">{title}</text>\n",
            title = escaped(&self.title),
        );
        // Writing to a String cannot fail.
        for value in x.ticks() {
            let at = x.place(value);
            let _ = writeln!(
                svg,
                "<line x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{BOTTOM}\" stroke=\"{GREY}\" stroke-opacity=\".2\"/>"
            );
            let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", BOTTOM + 19.0, figure(value));
        }
        for value in y.ticks() {
            let at = y.place(value);
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{RIGHT}\" y2=\"{at:.1}\" stroke=\"{GREY}\" stroke-opacity=\".2\"/>"
            );
            let _ =
                writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", LEFT - 8.0, at + 4.5, figure(value));
        }
        let _ = writeln!(svg, "<path d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\" fill=\"none\" stroke=\"{GREY}\"/>");
        let (middle_x, middle_y) = (f64::midpoint(LEFT, RIGHT), f64::midpoint(TOP, BOTTOM));
        let _ = writeln!(
            svg,
            "<text x=\"{middle_x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            BOTTOM + 44.0,
            escaped(self.x.label)
        );
        let _ = writeln!(
            svg,
            "<text transform=\"translate(20 {middle_y}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escaped(self.y.label)
        );
        let mut legend = LEFT;
        for (series, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            let placed: Vec<String> =
                series.points.iter().map(|point| format!("{:.1},{:.1}", x.place(point.0), y.place(point.1))).collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>",
                placed.join(" ")
            );
            for point in &placed {
                let (x, y) = point.split_once(',').unwrap_or_default();
                let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/>");
            }
            let _ = writeln!(svg, "<rect x=\"{legend:.0}\" y=\"42\" width=\"14\" height=\"4\" rx=\"2\" fill=\"{colour}\"/>");
            let _ = writeln!(svg, "<text x=\"{:.0}\" y=\"49\" fill=\"{colour}\">{}</text>", legend + 20.0, escaped(&series.name));
            legend += 44.0 + CHARACTER_WIDTH * series.name.chars().count() as f64;
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// From values to places on the page.
struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
    from: f64,
    to: f64,
}

impl Scale {
    /// Over all values. A linear one begins at zero, so that a line twice as high means twice as much.
    fn over(values: impl Iterator<Item = f64>, axis: Axis, from: f64, to: f64) -> Self {
        let usable = values.filter(|value| value.is_finite() && (!axis.logarithmic || *value > 0.0));
        let (low, high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = match (axis.logarithmic, low <= high) {
            (true, true) => (10_f64.powf(low.log10().floor()), 10_f64.powf(high.log10().ceil()).max(low * 10.0)),
            (true, false) => (1.0, 10.0),
            (false, true) if high > 0.0 => (0.0, (high / step(high)).ceil() * step(high)),
            (false, _) => (0.0, 1.0),
        };
        Self { low, high, logarithmic: axis.logarithmic, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let part = if self.logarithmic {
            (value.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + part * (self.to - self.from)
    }

    fn ticks(&self) -> Vec<f64> {
        let next = |value: f64| if self.logarithmic { value * 10.0 } else { value + step(self.high) };
        // A little more than the end, which sums of fractions may miss.
        std::iter::successors(Some(self.low), |value| Some(next(*value)))
            .take_while(|value| *value <= self.high * 1.001)
            .collect()
    }
}

/// The distance of two ticks from zero to there: 1, 2 or 5 and zeros.
fn step(high: f64) -> f64 {
    let raw = high / TICKS;
    let decade = 10_f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * decade).find(|step| *step >= raw * 0.999).unwrap_or(raw)
}

/// `12,500`, `0.05`: as many decimals as it needs, and at most four.
fn figure(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or(grouped.clone(), |fraction| format!("{grouped}.{fraction}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINEAR: Axis = Axis { label: "ms", logarithmic: false };
    const LOGARITHMIC: Axis = Axis { label: "ms", logarithmic: true };

    #[test]
    fn linear_ticks_are_round_and_hold_all_values() {
        let scale = Scale::over([3.0, 47.0].into_iter(), LINEAR, 0.0, 100.0);
        assert_eq!(scale.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!((scale.place(0.0), scale.place(25.0), scale.place(50.0)), (0.0, 50.0, 100.0));
        assert_eq!([step(1.0), step(0.07), step(6.0), step(12_000.0)], [0.2, 0.02, 1.0, 2_000.0]);
    }

    #[test]
    fn logarithmic_ticks_are_decades() {
        let scale = Scale::over([20.0, 0.0, 3_000.0].into_iter(), LOGARITHMIC, 0.0, 300.0);
        let ticks: Vec<String> = scale.ticks().into_iter().map(figure).collect();
        assert_eq!(ticks, ["10", "100", "1,000", "10,000"]);
        assert!((scale.place(1_000.0) - 200.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_show_is_shown() {
        for axis in [LINEAR, LOGARITHMIC] {
            let scale = Scale::over(std::iter::empty(), axis, 0.0, 100.0);
            assert!(scale.place(scale.high).is_finite());
            assert!(scale.ticks().len() > 1);
        }
    }

    #[test]
    fn figures_are_grouped_and_no_longer_than_they_need_be() {
        assert_eq!([0.0, 0.05, 999.0, 1_000.0, 1_250_000.5].map(figure), ["0", "0.05", "999", "1,000", "1,250,000.5"]);
    }

    #[test]
    fn texts_are_escaped() {
        let series = Series { name: "a<b".to_owned(), points: vec![(1.0, 1.0), (2.0, 4.0)] };
        let svg = Plot { title: "A & B".to_owned(), x: LINEAR, y: LINEAR, series: vec![series] }.svg();
        assert!(svg.contains("A &amp; B") && svg.contains("a&lt;b"));
        assert_eq!(svg.matches("<circle").count(), 2);
    }
}
