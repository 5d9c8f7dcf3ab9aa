//! A server that takes every connection and never says a word.

use std::net::{TcpListener, TcpStream};

/// One that listens.
pub struct UnresponsiveServer {
    listener: TcpListener,
    /// Those who wait for an answer: they would notice that nobody holds the other end.
    connections: Vec<TcpStream>,
}

impl UnresponsiveServer {
    /// One at this address; with port 0, at any that is free.
    ///
    /// # Errors
    /// Where the address is taken.
    pub fn bind(address: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, connections: Vec::new() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// How many have come so far.
    pub fn connections(&mut self) -> usize {
        while let Ok((connection, _)) = self.listener.accept() {
            self.connections.push(connection);
        }
        self.connections.len()
    }
}
