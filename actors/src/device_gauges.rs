//! Shows how full, busy and warm the graphics processors are; absent on a node without any.
//!
//! **Receives** only its own schedule. **Sends** nothing. **Limits** one question to the driver's
//! tool at a time, 5 s each. **On restart** begins anew.

use autoglm_inference::{DeviceGauges, GAUGES_QUERY, parse_gauges};
use autoglm_protocol::device_gauges::{DeviceGaugesMessage, DeviceGaugesStatus, Gauges};
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(10);
/// How long the tool may take.
const WITHIN: Duration = Duration::from_secs(5);
/// Bytes of its answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What DeviceGaugesActor needs.
#[derive(Debug, Clone)]
pub struct DeviceGaugesArgs {
    /// The driver's tool.
    pub program: PathBuf,
    /// Value of `CUDA_VISIBLE_DEVICES`; empty for all.
    pub visible: String,
    /// What it shows.
    pub status: StatusCell<DeviceGaugesStatus>,
}

/// Looks at the devices.
#[derive(Debug)]
pub struct DeviceGaugesActor;

impl DeviceGaugesActor {
    /// Starts the actor.
    ///
    /// # Errors
    /// When the actor cannot be started.
    pub async fn spawn(
        args: DeviceGaugesArgs,
        supervisor: ActorCell,
    ) -> Result<ActorCell, SpawnErr> {
        let (actor, _task) = Actor::spawn_linked(None, Self, args, supervisor).await?;
        Ok(actor.get_cell())
    }
}

impl Actor for DeviceGaugesActor {
    type Msg = DeviceGaugesMessage;
    type State = DeviceGaugesArgs;
    type Arguments = DeviceGaugesArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: DeviceGaugesArgs,
    ) -> Result<DeviceGaugesArgs, ActorProcessingErr> {
        myself.cast(DeviceGaugesMessage::Look)?;
        Ok(args)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: DeviceGaugesMessage,
        args: &mut DeviceGaugesArgs,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            DeviceGaugesMessage::Look => args.look().await,
        }
        myself.send_after(EVERY, || DeviceGaugesMessage::Look);
        Ok(())
    }
}

impl DeviceGaugesArgs {
    async fn look(&self) {
        let outcome = self.ask().await;
        let had_error = self.status.get().last_error.is_some();
        if let (Err(problem), false) = (&outcome, had_error) {
            // Said once; the devices compute all the same.
            tracing::warn!("the figures of the graphics processors are not known: {problem}");
        }
        self.status.set(match outcome {
            Ok(found) => shown(found),
            Err(problem) => DeviceGaugesStatus { last_error: Some(problem), ..Default::default() },
        });
    }

    async fn ask(&self) -> Result<Vec<(String, DeviceGauges)>, String> {
        let program = self.program.display();
        let mut command = Command::new(&self.program);
        command.args(GAUGES_QUERY).kill_on_drop(true);
        let output = tokio::time::timeout(WITHIN, command.output())
            .await
            .map_err(|_late| format!("{program} did not answer within {WITHIN:?}"))?
            .map_err(|error| {
                format!("{program} cannot be started: {error}; install the driver's tools")
            })?;
        if !output.status.success() {
            return Err(format!("{program} failed with {}", output.status));
        }
        let answer = output.stdout.get(..ANSWER_BYTES_MAX).unwrap_or(&output.stdout);
        Ok(parse_gauges(&String::from_utf8_lossy(answer), &self.visible))
    }
}

fn shown(found: Vec<(String, DeviceGauges)>) -> DeviceGaugesStatus {
    let shown = |(device, gauges): (String, DeviceGauges)| {
        let measured = [
            ("autoglm_device_memory_used_bytes", gauges.memory_used.map(|bytes| bytes as f64)),
            ("autoglm_device_memory_total_bytes", gauges.memory_total.map(|bytes| bytes as f64)),
            ("autoglm_device_utilisation", gauges.utilisation),
            ("autoglm_device_temperature_celsius", gauges.temperature),
        ];
        for (name, value) in measured {
            if let Some(value) = value {
                metrics::gauge!(name, "device" => device.clone()).set(value);
            }
        }
        let gauges = Gauges {
            memory_used_bytes: gauges.memory_used,
            memory_total_bytes: gauges.memory_total,
            utilisation: gauges.utilisation,
            temperature_celsius: gauges.temperature,
        };
        (device, gauges)
    };
    DeviceGaugesStatus { devices: found.into_iter().map(shown).collect(), last_error: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline_testing::{eventually, onlooker};
    use std::os::unix::fs::PermissionsExt;

    async fn shown_by(script: &str, visible: &str) -> DeviceGaugesStatus {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("tool");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, executable).expect("made executable");
        let status = StatusCell::default();
        let args = DeviceGaugesArgs { program, visible: visible.into(), status: status.clone() };
        DeviceGaugesActor::spawn(args, onlooker().await).await.expect("an actor");
        let is_there = || async { *status.get() != DeviceGaugesStatus::default() };
        eventually("it has looked", is_there).await;
        DeviceGaugesStatus::clone(&status.get())
    }

    #[tokio::test]
    async fn the_tool_is_asked_and_its_answer_shown_by_device() {
        let script =
            "[ \"$2\" = --format=csv,noheader,nounits ] && echo '0, GPU-a, 100, 200, 50, 40'";
        let status = shown_by(script, "0").await;
        let gauges = status.devices["cuda:0"];
        assert_eq!(gauges.memory_used_bytes, Some(100 << 20));
        assert_eq!((gauges.utilisation, gauges.temperature_celsius), (Some(0.5), Some(40.0)));
    }

    #[tokio::test]
    async fn a_tool_that_fails_is_told_and_harms_nothing() {
        let status = shown_by("exit 9", "").await;
        assert!(status.last_error.is_some_and(|problem| problem.contains('9')));
    }
}
