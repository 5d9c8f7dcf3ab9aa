//! A platform that sends requests for `https` URLs to a local server.

use hallpass_service::{
    BoxFuture, OutboundRequest, OutboundResponse, Platform, PublicKey, Secrets, SendError,
    SignatureAlgorithm, StoreError,
};

/// A platform whose requests to `https` URLs are redirected to `address`. The path of such a request contains the URL.
pub(super) struct Redirect<'p, P> {
    pub(super) platform: &'p P,
    pub(super) address: Option<&'p str>,
}

impl<P: Platform> Platform for Redirect<'_, P> {
    fn works_after_response(&self) -> bool {
        self.platform.works_after_response()
    }

    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>> {
        self.platform.secrets(names)
    }

    fn send<'a>(
        &'a self,
        request: &'a OutboundRequest,
    ) -> BoxFuture<'a, Result<OutboundResponse, SendError>> {
        let Some(address) = self.address.filter(|_| request.url.starts_with("https://")) else {
            return self.platform.send(request);
        };
        let redirected = OutboundRequest {
            method: request.method.clone(),
            url: format!("http://{address}/{}", request.url),
            headers: request.headers.clone(),
            body: request.body.clone(),
            ..*request
        };
        Box::pin(async move { self.platform.send(&redirected).await })
    }

    fn supports(&self, algorithm: SignatureAlgorithm) -> bool {
        self.platform.supports(algorithm)
    }

    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        algorithm: SignatureAlgorithm,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        self.platform.verify(key, algorithm, message, signature)
    }

    fn is_within_limit<'a>(&'a self, key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool> {
        self.platform.is_within_limit(key)
    }

    fn sleep(&self) -> BoxFuture<'_, ()> {
        self.platform.sleep()
    }
}
