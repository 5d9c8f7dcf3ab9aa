//! What the Lambda function and the tests of the service share: a platform without a platform's services.

mod native;
mod store;

pub use native::Native;
pub use store::{Store, Variables};
