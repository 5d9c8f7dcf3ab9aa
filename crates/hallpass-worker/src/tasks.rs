//! Futures that wait for promises. JavaScript awaits the promise and passes the result back in one call; to await it here would
//! cost two closures, a queue, and 10 KB of the module.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use hallpass_service::BoxFuture;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use worker::js_sys::{Array, Promise};

/// A future with the value that JavaScript gets in the end.
pub(crate) type Task = BoxFuture<'static, JsValue>;

thread_local! {
    /// Tasks that wait.
    static TASKS: RefCell<Vec<Option<Task>>> = const { RefCell::new(Vec::new()) };
    /// The promise that the running task waits for. Only one runs at a time.
    static AWAITED_PROMISE: Cell<Option<Promise>> = const { Cell::new(None) };
    /// The value of the promise that the running task waited for.
    static FULFILLED_VALUE: Cell<Option<JsValue>> = const { Cell::new(None) };
}

/// Waits for a promise; `None` if it is rejected.
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

/// Executes a task until it ends or waits.
pub(crate) fn run(mut task: Task) -> Step {
    // No waker is needed, because JavaScript calls `resume` when the promise is settled.
    match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Step::Ended(value),
        Poll::Pending => match AWAITED_PROMISE.take() {
            Some(promise) => Step::Waits { task: insert(task), promise },
            // A task that waits for anything else would never be continued.
            None => Step::Ended(JsValue::UNDEFINED),
        },
    }
}

/// Continues a task after its promise is settled, with the value or without.
///
/// # Errors
/// If there is no such task.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "JavaScript calls it")]
pub fn resume(task: usize, value: JsValue, is_fulfilled: bool) -> Result<JsValue, JsError> {
    let task = TASKS.with_borrow_mut(|tasks| tasks.get_mut(task).and_then(Option::take));
    let task = task.ok_or_else(|| JsError::new("the task has ended"))?;
    FULFILLED_VALUE.set(is_fulfilled.then_some(value));
    Ok(run(task).into_js(&JsValue::UNDEFINED))
}

/// How far a task has come.
pub(crate) enum Step {
    Ended(JsValue),
    Waits {
        /// The number for `resume`.
        task: usize,
        promise: Promise,
    },
}

impl Step {
    /// Returns what `entry.js` takes: the value, or the task, its promise, and a response that does not wait for the task.
    pub(crate) fn into_js(self, response: &JsValue) -> JsValue {
        match self {
            Self::Ended(value) => value,
            Self::Waits { task, promise } => Array::of3(&JsValue::from(task), &promise, response).into(),
        }
    }
}

fn insert(task: Task) -> usize {
    TASKS.with_borrow_mut(|tasks| {
        let free = tasks.iter().position(Option::is_none).unwrap_or(tasks.len());
        match tasks.get_mut(free) {
            Some(place) => *place = Some(task),
            None => tasks.push(Some(task)),
        }
        free
    })
}
