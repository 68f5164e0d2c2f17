//! The least that answers a function URL: the limit that `make bench` holds the receiver against. Built like the receiver, with the
//! same features of `lambda_http` and on as many threads; it checks nothing, stores nothing and logs nothing.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::run(service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::from("hello"))))).await
}
