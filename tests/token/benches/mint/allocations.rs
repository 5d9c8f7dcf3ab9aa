//! An allocator that counts allocations.
//!
//! Existing crates also count bytes for each thread, and this work would distort the measured times. This allocator
//! adds only one addition per allocation.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work`, and returns the number of allocations.
pub(crate) fn count_in(work: impl FnOnce()) -> u64 {
    let before = COUNT.load(Ordering::Relaxed);
    work();
    COUNT.load(Ordering::Relaxed) - before
}

/// Increments the counter. The load and the store need not be one atomic operation, because the benchmark has a single
/// thread.
fn count() {
    COUNT.store(COUNT.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

#[expect(unsafe_code, reason = "an allocator requires unsafe code; this one forwards to the system's")]
// SAFETY: each function forwards its arguments unchanged, under the same contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller meets the contract of `GlobalAlloc`, which is also the contract of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller meets the contract of `GlobalAlloc`, which is also the contract of `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller meets the contract of `GlobalAlloc`, which is also the contract of `System`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
