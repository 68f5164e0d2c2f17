//! Where everything is: the stack's outputs, and clients for what they name. Decides nothing.

mod no_stack;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::StalledStreamProtectionConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use connection::Connections;
use delivery::Pace;
use ledger::Ledger;
use link::Links;
use queue::{EventsQueue, WaitingRoom};

use self::no_stack::NoStack;
use crate::cli::Common;
use crate::desk::poller::Poller;
use crate::desk::token::Deployed;
use crate::failure::Failure;

/// A deployed stack.
pub(crate) struct Stack {
    /// Its name.
    pub(crate) name: String,
    config: SdkConfig,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
}

impl Stack {
    /// Finds the stack that the options name.
    ///
    /// # Errors
    ///
    /// When there are no credentials, no such stack, or no right to look.
    pub(crate) async fn find(common: &Common) -> Result<Self, Failure> {
        Self::find_if_there(common).await?.ok_or_else(|| {
            // Without a region nothing is asked.
            NoStack::Absent.failure(&common.stack, common.region.as_deref().unwrap_or("this region"))
        })
    }

    /// The same; none if there is no such stack, which before a first deployment is no failure.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub(crate) async fn find_if_there(common: &Common) -> Result<Option<Self>, Failure> {
        let config = sdk_config(common).await;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Failure::usage("no AWS region is set", "add --region, or set AWS_REGION or the profile's region"));
        };
        let client = aws_sdk_cloudformation::Client::new(&config);
        let answer = match client.describe_stacks().stack_name(&common.stack).send().await.map_err(|error| NoStack::of(&error)) {
            Ok(answer) => answer,
            Err(NoStack::Absent) => return Ok(None),
            Err(why) => return Err(why.failure(&common.stack, &region)),
        };
        let Some(stack) = answer.stacks().first() else { return Ok(None) };
        let outputs =
            stack.outputs().iter().filter_map(|output| Some((output.output_key.clone()?, output.output_value.clone()?)));
        let parameters = stack.parameters().iter();
        let parameters = parameters.filter_map(|given| Some((given.parameter_key.clone()?, given.parameter_value.clone()?)));
        Ok(Some(Self { name: common.stack.clone(), outputs: outputs.collect(), parameters: parameters.collect(), config }))
    }

    /// A value that the stack tells.
    ///
    /// # Errors
    ///
    /// When it is not a Session Bridge, or one of another release.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::refused(
                format!("the stack {} has no output {name}", self.name),
                "is it a Session Bridge of this release? deploy it again with make deploy",
            )
        })
    }

    /// A parameter as it was deployed.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// What a new token is to be deployed beside.
    pub(crate) fn deployed(&self) -> Deployed<'_> {
        Deployed {
            stack: &self.name,
            architecture: self.parameter("Architecture").unwrap_or("arm64"),
            tokens: self.parameter("ApplianceTokens").unwrap_or_default(),
        }
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> Result<Ledger, Failure> {
        let days = self.parameter("LedgerDays").and_then(|days| days.parse().ok()).unwrap_or(400);
        Ok(Ledger::new(aws_sdk_dynamodb::Client::new(&self.config), self.output("LedgerTableName")?, days))
    }

    /// The queue of events.
    pub(crate) fn events(&self) -> Result<EventsQueue, Failure> {
        Ok(EventsQueue::new(self.sqs(), self.output("EventsQueueUrl")?.to_owned()))
    }

    /// The dead letters.
    pub(crate) fn dead_letters(&self) -> Result<WaitingRoom, Failure> {
        Ok(WaitingRoom::new(self.sqs(), self.output("DeadLetterQueueUrl")?.to_owned()))
    }

    /// What could not be read.
    pub(crate) fn quarantine(&self) -> Result<WaitingRoom, Failure> {
        Ok(WaitingRoom::new(self.sqs(), self.output("QuarantineQueueUrl")?.to_owned()))
    }

    /// The connections, ready to be used.
    pub(crate) fn links(&self) -> Result<Links, Failure> {
        let connections = Connections::new(self.secrets(), self.output("ConnectionPrefix")?);
        Ok(Links::new(connections, self.ledger()?, self.pace()))
    }

    /// How fast time runs there: all of it, except in trials.
    pub(crate) fn pace(&self) -> Pace {
        let percent = self.parameter("RetryPacePercent").and_then(|percent| percent.parse().ok());
        percent.and_then(Pace::from_percent).unwrap_or_default()
    }

    /// Secrets Manager, where the connection documents are.
    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// The poller's function.
    pub(crate) fn poller(&self) -> Result<Poller, Failure> {
        // It works for minutes before its answer begins: five at most, as the template says, and a little for the way.
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(330)).build();
        let config = aws_sdk_lambda::config::Builder::from(&self.config)
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Ok(Poller::new(aws_sdk_lambda::Client::from_conf(config.build()), self.output("PollerFunctionName")?.to_owned()))
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }
}

async fn sdk_config(common: &Common) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(profile) = &common.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &common.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &common.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    loader.load().await
}
