//! The connection that all requests share.

use std::sync::{Arc, OnceLock};

use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};

use super::refusal::{LastAnswer, Listener};

/// Has TLS use the cryptography of `ring` where the process has not chosen yet.
pub(super) fn choose_cryptography() {
    // It fails where the choice was made, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// One client with its pool of connections, made by the first request.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection(Arc<OnceLock<HttpClient>>);

impl Connection {
    fn client(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        if let Some(client) = self.0.get() {
            return Ok(client.clone());
        }
        let client = ReqwestConnector::default().connect(options)?;
        Ok(self.0.get_or_init(|| client).clone())
    }
}

/// Lets one bucket use the connection, and remembers what it is answered.
#[derive(Debug)]
pub(super) struct Connector {
    connection: Connection,
    last_answer: LastAnswer,
}

impl Connector {
    pub(super) fn new(connection: Connection, last_answer: LastAnswer) -> Self {
        Self {
            connection,
            last_answer,
        }
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = self.connection.client(options)?;
        let last_answer = self.last_answer.clone();
        Ok(HttpClient::new(Listener {
            client,
            last_answer,
        }))
    }
}
