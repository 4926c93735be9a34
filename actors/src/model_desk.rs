//! NodeModelDesk: the models as the operator sees them, and the way of their decisions.
//!
//! **Receives** calls of the port `ModelDesk`. **Sends** changes of the rollout to the store, `Look`
//! to RolloutActor. **Limits** a change is one small transaction; other nodes notice it within
//! seconds. **On restart** it keeps nothing.

use crate::colleagues::Colleagues;
use crate::live_models::LiveModels;
use crate::rollout::{LoadModels, current_rollout};
use async_trait::async_trait;
use autoglm_domain::{Fault, Rollout, RolloutRefusal};
use autoglm_models::Store;
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::model_desk::{ModelDesk, ModelReport};
use autoglm_protocol::reread::RereadStatus;
use autoglm_protocol::rollout::{RolloutHandle, RolloutStatus};
use autoglm_protocol::status::StatusCell;
use std::sync::Arc;

/// The desk of one node.
#[derive(Debug, Clone)]
pub struct NodeModelDesk {
    /// Where the rollout is.
    pub store: Store,
    /// What this node has.
    pub loader: Arc<dyn LoadModels>,
    /// What its devices do.
    pub live: LiveModels,
    /// Who is told of changes.
    pub rollout: RolloutHandle,
    /// Who else is.
    pub colleagues: Colleagues,
    /// What it shows.
    pub node: StatusCell<RolloutStatus>,
    /// Where old articles are read again.
    pub reread: StatusCell<RereadStatus>,
}

impl NodeModelDesk {
    async fn change(
        &self,
        step: impl Fn(Rollout) -> Result<Rollout, RolloutRefusal> + Send + Sync + 'static,
    ) -> Result<Rollout, Fault> {
        let initial = current_rollout(&self.store, self.loader.as_ref()).await?;
        let changed = self.store.change_rollout(initial, step).await?;
        self.rollout.look();
        self.colleagues.tell_all(&AgentHint::RolloutChanged);
        Ok(changed)
    }
}

#[async_trait]
impl ModelDesk for NodeModelDesk {
    async fn report(&self) -> Result<ModelReport, Fault> {
        Ok(ModelReport {
            rollout: self.store.rollout().await?,
            node: RolloutStatus::clone(&self.node.get()),
            reread: RereadStatus::clone(&self.reread.get()),
            versions: self.live.figures(),
            encoders: self.loader.names(),
        })
    }

    async fn canary(&self, model: &str, share: u8) -> Result<Rollout, Fault> {
        let (loader, model) = (Arc::clone(&self.loader), model.to_owned());
        let now = current_rollout(&self.store, loader.as_ref()).await?;
        let models = loader.choice_with(&now.active, &model)?;
        self.change(move |rollout| rollout.canary(models.clone(), share)).await
    }

    async fn promote(&self) -> Result<Rollout, Fault> {
        self.change(Rollout::promote).await
    }

    async fn withdraw(&self) -> Result<Rollout, Fault> {
        self.change(Rollout::withdraw).await
    }

    async fn roll_back(&self) -> Result<Rollout, Fault> {
        self.change(Rollout::roll_back).await
    }
}
