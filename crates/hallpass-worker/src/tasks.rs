//! Futures that wait for promises. JavaScript awaits the promise and passes the result to Rust in one call. An executor
//! in Rust would need two closures per promise and a queue, and would add 10 KB to the module.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use hallpass_service::BoxFuture;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use worker::js_sys::{Array, Promise};

/// A future whose output is returned to JavaScript.
pub(crate) type Task = BoxFuture<'static, JsValue>;

thread_local! {
    /// The pending tasks. The number of a task is its index.
    static PENDING_TASKS: RefCell<Vec<Option<Task>>> = const { RefCell::new(Vec::new()) };
    /// The promise that the current task waits for. Tasks run one at a time.
    static AWAITED_PROMISE: Cell<Option<Promise>> = const { Cell::new(None) };
    /// The value of the promise that the current task waited for, or `None` if the promise was rejected.
    static FULFILLED_VALUE: Cell<Option<JsValue>> = const { Cell::new(None) };
}

/// Waits for a promise. Returns its value, or `None` if it is rejected.
pub(crate) async fn fulfilled(promise: Promise) -> Option<JsValue> {
    let mut awaited = Some(promise);
    poll_fn(|_| match awaited.take() {
        Some(promise) => {
            AWAITED_PROMISE.set(Some(promise));
            Poll::Pending
        }
        None => Poll::Ready(FULFILLED_VALUE.take()),
    })
    .await
}

/// Polls a task once. If the task is pending, stores the task.
pub(crate) fn run(mut task: Task) -> Progress {
    // No waker is needed, because JavaScript calls `resume_task` when the promise is settled.
    match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Progress::Completed(value),
        Poll::Pending => match AWAITED_PROMISE.take() {
            Some(promise) => Progress::Pending { task: insert(task), promise },
            // A pending task without a promise would never be resumed, so the task ends without an output.
            None => Progress::Completed(JsValue::UNDEFINED),
        },
    }
}

/// Resumes a task after its promise is settled. `value` is used only if `is_fulfilled` is true.
///
/// # Errors
/// Returns an error if no pending task has this number.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "JavaScript calls it")]
pub fn resume_task(task: usize, value: JsValue, is_fulfilled: bool) -> Result<JsValue, JsError> {
    let pending = PENDING_TASKS.with_borrow_mut(|tasks| tasks.get_mut(task).and_then(Option::take));
    let pending = pending.ok_or_else(|| JsError::new("no pending task has this number"))?;
    FULFILLED_VALUE.set(is_fulfilled.then_some(value));
    Ok(run(pending).into_js(&JsValue::UNDEFINED))
}

/// The progress of a task.
pub(crate) enum Progress {
    /// The task's output.
    Completed(JsValue),
    /// The task waits for a promise.
    Pending {
        /// The task's number, for `resume_task`.
        task: usize,
        promise: Promise,
    },
}

impl Progress {
    /// Converts the progress to a value for `entry.js`. A completed task is converted to its output. A pending task is
    /// converted to an array of its number, its promise, and `response`. If the response depends on the task, `response`
    /// is `undefined`.
    pub(crate) fn into_js(self, response: &JsValue) -> JsValue {
        match self {
            Self::Completed(value) => value,
            Self::Pending { task, promise } => Array::of3(&JsValue::from(task), &promise, response).into(),
        }
    }
}

/// Stores a pending task, and returns its number.
fn insert(task: Task) -> usize {
    PENDING_TASKS.with_borrow_mut(|tasks| {
        let number = tasks.iter().position(Option::is_none).unwrap_or(tasks.len());
        match tasks.get_mut(number) {
            Some(slot) => *slot = Some(task),
            None => tasks.push(Some(task)),
        }
        number
    })
}
