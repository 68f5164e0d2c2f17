//! Serving a vendor on a TCP address until dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::gateway::{Gateway, Vendor, serve};
use super::wire::{BreakableListener, Wire};

/// Any free port of this machine.
pub(crate) const ANY_LOCAL_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A simulator that listens. Dropping it closes the listener; connections under way end with the runtime.
#[derive(Debug)]
pub(crate) struct Listening {
    address: SocketAddr,
    accepting: JoinHandle<io::Result<()>>,
}

impl Listening {
    /// Starts serving a vendor with no tenants yet.
    pub(crate) async fn start<V: Vendor>(address: SocketAddr) -> io::Result<Self> {
        let listener = BreakableListener(TcpListener::bind(address).await?);
        let address = listener.0.local_addr()?;
        let service = Router::new()
            .fallback(serve::<V>)
            .with_state(Arc::new(Gateway::<V>::default()))
            .into_make_service_with_connect_info::<Wire>();
        let accepting = tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self { address, accepting })
    }

    /// `http://<address>`, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
