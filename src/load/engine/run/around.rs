//! What is done once before all users, and once behind them.

use std::sync::Arc;

use tokio::signal::unix::Signal;

use super::Coordinator;
use crate::load::engine::error::EngineError;
use crate::load::engine::observer::Observer;
use crate::load::engine::outer::{End, Gone, Outer};
use crate::load::engine::shared::Stop;
use crate::load::engine::user::Verdict;
use crate::load::exit::Exit;
use crate::load::flow::Values;
use crate::load::span::Span;

impl Coordinator {
    /// Runs the setup, if there is one. Returns what users start from; the exit says how it went.
    pub(super) async fn set_up(
        &mut self,
        signals: &mut [Signal; 2],
        observer: &mut dyn Observer,
    ) -> Result<Option<Values>, EngineError> {
        if self.plan.setup.is_none() {
            return Ok(None);
        }
        let (place, timeout) = (self.plan.place_of_setup(), self.plan.options.setup_timeout);
        let gone = self.outer("setup", place, None, timeout, signals, observer).await?;
        if let Some(end) = gone.as_ref().map(|gone| gone.end)
            && end == End::TimedOut
        {
            observer.ending(&format!("setup took longer than setupTimeout, {timeout}"));
            self.exit = self.exit.worst(Exit::SetupTimeout);
        }
        Ok(gone.map(|gone| gone.values))
    }

    /// Whatever ended the run, but for a second signal.
    pub(super) async fn tear_down(
        &mut self,
        start: Option<Values>,
        signals: &mut [Signal; 2],
        observer: &mut dyn Observer,
    ) -> Result<(), EngineError> {
        let is_hurried = self.exit == Exit::ExternalAbort && *self.stop.borrow() == Stop::Now;
        if self.plan.teardown.is_none() || is_hurried {
            return Ok(());
        }
        // That the users were stopped says nothing of it.
        self.stop.send_replace(Stop::No);
        let (place, timeout) = (self.plan.place_of_teardown(), self.plan.options.teardown_timeout);
        let gone = self.outer("teardown", place, start, timeout, signals, observer).await?;
        if gone.is_some_and(|gone| gone.end == End::TimedOut) {
            observer.ending(&format!("teardown took longer than teardownTimeout, {timeout}"));
            self.exit = self.exit.worst(Exit::TeardownTimeout);
        }
        Ok(())
    }

    async fn outer(
        &mut self,
        name: &str,
        place: usize,
        start: Option<Values>,
        timeout: Span,
        signals: &mut [Signal; 2],
        observer: &mut dyn Observer,
    ) -> Result<Option<Gone>, EngineError> {
        let (plan, stop, tell) = (Arc::clone(&self.plan), self.stop.subscribe(), self.tell.clone());
        let outer = Outer { plan, place, start, timeout, stop, tell };
        let mut gone =
            outer.start(name).map_err(|source| EngineError::Outer { name: name.into(), source })?;
        let [interrupt, terminate] = signals;
        let gone = loop {
            tokio::select! {
                biased;
                // Without users there is nothing to let end.
                Some(()) = interrupt.recv() => self.cut(observer),
                Some(()) = terminate.recv() => self.cut(observer),
                Some(told) = self.told.recv() => self.hear(told, observer),
                gone = &mut gone => break gone.ok(),
            }
        };
        while let Ok(told) = self.told.try_recv() {
            self.hear(told, observer);
        }
        let Some(gone) = gone else {
            self.exit = self.exit.worst(Exit::Panic);
            return Ok(None);
        };
        self.books.total.merge(&gone.meter);
        self.last.get_mut().merge(&gone.meter);
        if matches!(gone.end, End::Ran(Verdict::Failed | Verdict::Broken)) {
            observer.ending(&format!("{name} could not be done"));
            self.exit = self.exit.worst(Exit::ScriptException);
        }
        Ok(Some(gone))
    }

    fn cut(&mut self, observer: &mut dyn Observer) {
        self.exit = self.exit.worst(Exit::ExternalAbort);
        observer.ending("stopping now");
        self.stop.send_replace(Stop::Now);
    }
}
