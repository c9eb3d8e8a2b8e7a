//! Who holds a connection, and who gives it up when there are too many.
//!
//! A listener has so many places, and no address takes more than its part of them. When places run
//! out, those who hold one without asking for anything lose it to newcomers: idle connections cost
//! an attacker nothing, so they must not cost a guard the gate. Where a request is being worked on,
//! the connection stays.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::http::{Response, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tower::Service;

use super::client::{Proxies, crowd};

/// When places run out, so many parts of those that stand idle end at once: a flood then costs one
/// look at all seats for many newcomers, not for each.
const BUNCH: usize = 16;

/// All connections of one listener.
#[derive(Clone, Debug)]
pub(super) struct Seats(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    started: Instant,
    most: usize,
    most_of_one: usize,
    proxies: Proxies,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, Arc<Seat>>,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection.
#[derive(Debug)]
struct Seat {
    number: u64,
    address: IpAddr,
    /// Milliseconds after the listener's start at which bytes last passed.
    active: AtomicU64,
    /// Requests being worked on.
    working: AtomicUsize,
    /// An event stream was opened on it.
    listens: AtomicBool,
    ended: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

/// Nobody could be asked to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// This address has as many as it may, all of them at work.
    Address,
    Listener,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "too many connections from one address",
            Self::Listener => "too many connections",
        })
    }
}

impl std::error::Error for Full {}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seats {
    /// `most` places, at most `most_of_one` of them to one address; `proxies` speak for many.
    pub(super) fn new(most: usize, most_of_one: usize, proxies: Proxies) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Inner { started: Instant::now(), most, most_of_one, proxies, taken }))
    }

    /// Takes a place, if need be that of somebody who stands idle.
    pub(super) fn take(&self, peer: IpAddr) -> Result<Place, Full> {
        let inner = &self.0;
        let address = crowd(peer);
        let mut taken = lock(&inner.taken);
        let own = taken.by_address.get(&address).copied().unwrap_or_default();
        if own >= inner.most_of_one
            && !inner.proxies.covers(peer)
            && !taken.end_idle(Some(address), inner.most_of_one)
        {
            return Err(Full::Address);
        }
        if taken.seats.len() >= inner.most && !taken.end_idle(None, inner.most) {
            return Err(Full::Listener);
        }
        let number = taken.next;
        taken.next += 1;
        *taken.by_address.entry(address).or_default() += 1;
        let seat = Arc::new(Seat {
            number,
            address,
            active: AtomicU64::new(self.millis()),
            working: AtomicUsize::new(0),
            listens: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            reader: Mutex::default(),
        });
        taken.seats.insert(number, Arc::clone(&seat));
        Ok(Place { seats: self.clone(), seat })
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.0.taken).seats.len()
    }
}

impl Taken {
    /// Ends those that have stood idle longest; false where nobody does.
    fn end_idle(&mut self, of: Option<IpAddr>, most: usize) -> bool {
        let idle = self.seats.values().filter(|seat| {
            of.is_none_or(|address| seat.address == address)
                && seat.working.load(Ordering::Relaxed) == 0
                && !seat.listens.load(Ordering::Relaxed)
        });
        let mut idle: Vec<(u64, u64)> =
            idle.map(|seat| (seat.active.load(Ordering::Relaxed), seat.number)).collect();
        let bunch = (most / BUNCH).clamp(1, idle.len().max(1));
        if idle.len() > bunch {
            idle.select_nth_unstable(bunch);
            idle.truncate(bunch);
        }
        for (_, number) in &idle {
            if let Some(seat) = self.remove(*number) {
                seat.end();
            }
        }
        !idle.is_empty()
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Seat>> {
        let seat = self.seats.remove(&number)?;
        if let Some(own) = self.by_address.get_mut(&seat.address) {
            *own -= 1;
            if *own == 0 {
                self.by_address.remove(&seat.address);
            }
        }
        Some(seat)
    }
}

impl Seat {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        if let Some(waker) = lock(&self.reader).take() {
            waker.wake();
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    seats: Seats,
    seat: Arc<Seat>,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.seats.0.taken).remove(self.seat.number);
    }
}

impl Place {
    /// Counts the requests of this connection.
    pub(super) fn seated<S>(&self, service: S) -> Seated<S> {
        Seated { service, seat: Arc::clone(&self.seat) }
    }

    /// Ends the connection when nothing passes through it for so long, or when it has to go.
    pub(super) fn watch<S>(self, stream: S, silence: Duration) -> Watched<S> {
        let deadline = Box::pin(tokio::time::sleep(silence));
        Watched { stream, silence, deadline, place: self }
    }
}

/// A connection that ends when nothing passes through it for too long: hyper's own time-outs
/// begin only once the protocol is known, and never cover a peer that stops reading.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    silence: Duration,
    deadline: Pin<Box<Sleep>>,
    place: Place,
}

impl<S: Unpin> Watched<S> {
    fn progress<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.place.seat.active.store(self.place.seats.millis(), Ordering::Relaxed);
            let next = self.deadline.deadline().max(Instant::now() + self.silence);
            self.deadline.as_mut().reset(next);
            return poll;
        }
        match self.deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if poll.is_pending() {
            *lock(&self.place.seat.reader) = Some(cx.waker().clone());
            // Looked at after the waker is in its place, so that no end is missed.
            if self.place.seat.has_ended() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
        }
        self.progress(cx, poll)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.progress(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.progress(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The service of one connection, which says when it is at work.
#[derive(Clone, Debug)]
pub(super) struct Seated<S> {
    service: S,
    seat: Arc<Seat>,
}

fn is_event_stream<B>(answer: &Response<B>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

struct Work(Arc<Seat>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<S, R, B> Service<R> for Seated<S>
where
    S: Service<R, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.seat.working.fetch_add(1, Ordering::Relaxed);
        let work = Work(Arc::clone(&self.seat));
        let answer = self.service.call(request);
        Box::pin(async move {
            let answer = answer.await;
            // Who listens for changes was let in to do so, and is quiet by nature.
            if answer.as_ref().is_ok_and(is_event_stream) {
                work.0.listens.store(true, Ordering::Relaxed);
            }
            drop(work);
            answer
        })
    }
}

#[cfg(test)]
#[path = "seats_tests.rs"]
mod tests;
