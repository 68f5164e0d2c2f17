//! How the worker's cost of a session grows: with the length of its chat, with the backlog that it is a part of, and with the number
//! of connections that a process serves in turn. CPU per session, caches warm, over TLS; `scaling` draws it.

use std::time::Duration;

use crate::aws::Aws;
use crate::figures::milliseconds;
use crate::plot::Series;
use crate::process::Program;
use crate::sandbox::Sandbox;
use crate::scaling::{CHAT_MESSAGES, Measured};
use crate::tls::{Authority, Wire};
use crate::worker::{Bench, Neighbours, configured, usual_report, without_surveys};
use crate::{Error, Places, sample_report};

/// Sessions that are measured for each length of chat; the last ones are of 9 MB.
const SESSIONS_OF_A_LENGTH: usize = 5;
/// Sessions before any that counts.
const WARM_UP_SESSIONS: usize = 5;
/// Events that wait when the worker begins; the tenant's hourly budget of calls allows no more.
const BACKLOGS: [usize; 4] = [1, 10, 100, 1_000];
const CONNECTIONS: [usize; 4] = [1, 10, 50, 200];
/// Sessions of each connection that are measured.
const SESSIONS_OF_A_CONNECTION: usize = 2;

/// Where it is measured.
struct Place<'a> {
    aws: &'a Aws,
    neighbours: &'a Neighbours,
    worker: &'a Program,
}

/// All that the worker adds to the plots.
///
/// # Errors
/// If the worker or the simulators are missing or fail.
pub(crate) async fn measured(places: &Places) -> Result<Measured, Error> {
    let authority = Authority::new(places)?;
    let aws = Aws::start(&authority).await?;
    let neighbours = Neighbours::start(places, &authority).await?;
    let worker = configured(places.binary("worker")?, &authority, &aws, Wire::Tls);
    let place = Place { aws: &aws, neighbours: &neighbours, worker: &worker };
    let series = |points| vec![Series { name: "whole session in the worker".to_owned(), points }];
    Ok(Measured {
        chat: series(place.by_chat().await?),
        backlog: series(place.by_backlog().await?),
        connections: series(place.by_connections().await?),
    })
}

impl Place<'_> {
    async fn by_chat(&self) -> Result<Vec<(f64, f64)>, Error> {
        let mut points = Vec::new();
        for messages in CHAT_MESSAGES {
            eprintln!("scaling: {messages} chat messages");
            let report = without_surveys(String::from_utf8(sample_report::with_chat_messages(messages)?)?);
            let bench = self.bench(format!("chat_{messages}"));
            bench.lift_limits().await;
            let mut sandbox = Sandbox::start(self.worker).await?;
            bench.put_and_deliver(&mut sandbox, 0..WARM_UP_SESSIONS, &report).await?;
            let sessions = WARM_UP_SESSIONS..WARM_UP_SESSIONS + SESSIONS_OF_A_LENGTH;
            let cpu = bench.put_and_deliver(&mut sandbox, sessions, &report).await?;
            points.push((messages as f64, milliseconds(cpu)));
        }
        Ok(points)
    }

    async fn by_backlog(&self) -> Result<Vec<(f64, f64)>, Error> {
        let report = usual_report()?;
        let mut points = Vec::new();
        for backlog in BACKLOGS {
            eprintln!("scaling: {backlog} events waiting");
            let bench = self.bench(format!("backlog_{backlog}"));
            let mut sandbox = Sandbox::start(self.worker).await?;
            bench.put_and_deliver(&mut sandbox, 0..WARM_UP_SESSIONS, &report).await?;
            let cpu = bench.put_and_deliver(&mut sandbox, WARM_UP_SESSIONS..WARM_UP_SESSIONS + backlog, &report).await?;
            points.push((backlog as f64, milliseconds(cpu)));
        }
        Ok(points)
    }

    async fn by_connections(&self) -> Result<Vec<(f64, f64)>, Error> {
        let report = usual_report()?;
        let mut points = Vec::new();
        for connections in CONNECTIONS {
            eprintln!("scaling: {connections} connections");
            let benches: Vec<Bench> =
                (0..connections).map(|number| self.bench(format!("connection_{connections}_{number}"))).collect();
            let mut sandbox = Sandbox::start(self.worker).await?;
            let mut cpu = Duration::ZERO;
            // The first of each connection makes its clients and proves its look-ups: that is a start, not a session.
            for number in 0..=SESSIONS_OF_A_CONNECTION {
                for bench in &benches {
                    let taken = bench.put_and_deliver(&mut sandbox, number..number + 1, &report).await?;
                    cpu += if number == 0 { Duration::ZERO } else { taken };
                }
            }
            let sessions = u32::try_from(connections * SESSIONS_OF_A_CONNECTION)?;
            points.push((connections as f64, milliseconds(cpu / sessions)));
        }
        Ok(points)
    }

    fn bench(&self, id: String) -> Bench {
        Bench::new(self.neighbours, self.aws, id, Wire::Tls)
    }
}
