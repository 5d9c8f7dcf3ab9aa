//! What the Lambda function and the tests of the service share: a platform without a platform's services.

mod native;

pub use native::Native;
