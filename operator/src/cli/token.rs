//! `session-bridge token`: makes the token by which an appliance shows itself.

use clap::Subcommand;
use session::ApplianceId;

use super::Common;
use super::argument::appliance_id;
use crate::desk::token;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::stack::Stack;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a new token; prints it once, with its hash and the line that deploys it.
    ///
    /// The token goes into the URL on the appliance, its hash into the stack's parameter ApplianceTokens. Nothing is changed by this
    /// command.
    #[command(after_help = "Example:\n  session-bridge token new default")]
    New {
        /// The appliance's id.
        #[arg(id = "connection", value_name = "APPLIANCE", value_parser = appliance_id)]
        appliance: ApplianceId,
    },
}

impl Command {
    pub(crate) async fn run(self, common: &Common) -> Result<Outcome, Failure> {
        let Self::New { appliance } = self;
        // The deploy line keeps the tokens that are there; before a first deployment there are none. A stack that cannot be read may have some.
        let deployed = Stack::find_if_there(common).await?;
        let new = token::new(&appliance, &common.stack, deployed.as_ref().map(Stack::deployed));
        match common.format() {
            Format::Json => output::json(&new),
            Format::Text => {
                println!("token      {}", new.token);
                println!("SHA-256    {}", new.sha256);
                println!(
                    "\nThe token is shown only now. Put it into the appliance's URL, and its hash into the stack, in the checkout that"
                );
                println!("deploys it{}:\n", if deployed.is_none() { " (it asks for the token the first time)" } else { "" });
                println!("  {}", new.deploy);
            }
        }
        Ok(Outcome::Done)
    }
}
