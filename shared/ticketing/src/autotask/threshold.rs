//! The hourly budget of calls that all integrations of a tenant's database share.

use session::failure::Failure;
use tokio::time::Instant;

use super::answer::{Purpose, unexpected};
use super::client::AutotaskClient;
use super::row::Row;
use super::transport::{Call, Entity};

/// How much of the hourly budget is used. Over it Autotask stops answering the whole tenant until the window has moved on
/// (vendor reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThresholdInformation {
    /// Calls allowed within the timeframe, of all integrations together (10,000).
    pub calls_max: u64,
    /// The timeframe in minutes, counted back from now (60).
    pub timeframe_minutes: u64,
    /// Calls within the timeframe until now, this one included.
    pub calls: u64,
}

impl AutotaskClient {
    /// How much of the hourly budget is used. The question itself counts.
    ///
    /// # Errors
    /// Any [`Failure`] of a read.
    pub async fn threshold(&self, deadline: Instant) -> Result<ThresholdInformation, Failure> {
        let entity = Entity::ThresholdInformation;
        let call = Call::get(entity, Purpose::Query, entity.name().to_owned());
        let answer = self.transport.call(&call, deadline).await?;
        let read = |key| Row::new(&answer)?.integer(key)?.try_into().ok();
        let information = || {
            Some(ThresholdInformation {
                calls_max: read("externalRequestThreshold")?,
                timeframe_minutes: read("requestThresholdTimeframe")?,
                calls: read("currentTimeframeRequestCount")?,
            })
        };
        information().ok_or_else(|| unexpected("threshold information without its three numbers"))
    }
}
