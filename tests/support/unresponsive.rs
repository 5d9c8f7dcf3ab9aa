//! A server that accepts every connection and never responds.

use std::net::{TcpListener, TcpStream};

/// A listening server.
pub struct UnresponsiveServer {
    listener: TcpListener,
    /// The accepted connections. The connections stay open, so that clients wait for a response.
    connections: Vec<TcpStream>,
}

impl UnresponsiveServer {
    /// Starts a server at this address. With port 0, the operating system chooses a port.
    ///
    /// # Errors
    /// Returns an error if the address is in use.
    pub fn bind(address: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, connections: Vec::new() })
    }

    /// Returns the server's URL.
    ///
    /// # Errors
    /// Returns an error if the operating system does not return the address.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Returns the number of connections since the start.
    pub fn connections(&mut self) -> usize {
        while let Ok((connection, _)) = self.listener.accept() {
            self.connections.push(connection);
        }
        self.connections.len()
    }
}
