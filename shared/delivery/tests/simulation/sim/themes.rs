//! Themes: circumstances that an ordinary schedule does not have, each with promises of its own. What they change in a
//! schedule is in `schedule::themed`, what they promise in `invariants::of_themes`.

use super::chance::Chance;

/// A circumstance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Theme {
    /// Autotask will not take one write of one session, and takes those of the others.
    OneSession,
    /// While the mode does not write, the old plugin does.
    OldPlugin,
    /// `deliver_from` is not set, is set to a moment among the sessions, or moves.
    DeliverFrom,
    /// In the end writing is switched off, and writes are on their way.
    LastMode,
    /// For days nobody works on an event: no ledger, no connection document, on hold, no budget.
    LongWaits,
    /// The API user changes, or its rights do, and sees other rows from then on.
    ApiUser,
    /// Nobody but an operator or the poller says that a session has ended, and the report may not say when.
    UnknownEnd,
    /// Sessions without a ticket get one, while they run or at their end; technicians name others meanwhile.
    Tickets,
    /// The report changes its mind about surveys: order, number, contents; some are empty, some never come.
    Surveys,
}

impl Theme {
    pub(crate) const ALL: [Self; 9] = [
        Self::OneSession,
        Self::OldPlugin,
        Self::DeliverFrom,
        Self::LastMode,
        Self::LongWaits,
        Self::ApiUser,
        Self::UnknownEnd,
        Self::Tickets,
        Self::Surveys,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OneSession => "one-session",
            Self::OldPlugin => "old-plugin",
            Self::DeliverFrom => "deliver-from",
            Self::LastMode => "last-mode",
            Self::LongWaits => "long-waits",
            Self::ApiUser => "api-user",
            Self::UnknownEnd => "unknown-end",
            Self::Tickets => "tickets",
            Self::Surveys => "surveys",
        }
    }
}

/// Which themes a run of the simulation is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    /// All of them, in a third of the schedules, sometimes two together.
    #[default]
    Everything,
    /// None: ordinary schedules, and of the promises only those that are not a theme's.
    Ordinary,
    /// Each schedule has this one and no other; of the themes' promises only its own are held against it.
    On(Theme),
}

impl Focus {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "everything" => Some(Self::Everything),
            "ordinary" => Some(Self::Ordinary),
            _ => Theme::ALL.into_iter().find(|theme| theme.name() == name).map(Self::On),
        }
    }

    /// Whether the promises of that theme are held against each schedule.
    pub(crate) fn watches(self, theme: Theme) -> bool {
        self == Self::Everything || self == Self::On(theme)
    }

    /// The themes of a schedule.
    pub(crate) fn draw(self, dice: &mut Chance) -> Themes {
        match self {
            Self::Ordinary => Themes::default(),
            Self::On(theme) => Themes(vec![theme]),
            Self::Everything if dice.one_in(3) => {
                let mut themes = vec![dice.pick(&Theme::ALL)];
                if dice.one_in(3) {
                    themes.push(dice.pick(&Theme::ALL));
                }
                themes.sort_unstable();
                themes.dedup();
                Themes(themes)
            }
            Self::Everything => Themes::default(),
        }
    }
}

/// The themes of a schedule, in the order in which they change it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Themes(pub(crate) Vec<Theme>);

impl Themes {
    pub(crate) fn has(&self, theme: Theme) -> bool {
        self.0.contains(&theme)
    }

    pub(crate) fn has_only(&self, theme: Theme) -> bool {
        self.0 == [theme]
    }
}
