//! Faults of the links between nodes, by the files the nodes read them from.

use super::{TestCluster, lock};
use anyhow::Result;

impl TestCluster {
    /// Cuts the link between two nodes, in both directions.
    ///
    /// # Errors
    /// When the files of faults cannot be written.
    pub async fn cut(&self, one: usize, other: usize) -> Result<()> {
        self.set_cut(one, other, true).await
    }

    /// Mends the link between two nodes.
    ///
    /// # Errors
    /// As [`Self::cut`].
    pub async fn mend(&self, one: usize, other: usize) -> Result<()> {
        self.set_cut(one, other, false).await
    }

    /// Cuts a node off from all others, or joins it to them again.
    ///
    /// # Errors
    /// As [`Self::cut`].
    pub async fn isolate(&self, number: usize, cut: bool) -> Result<()> {
        for other in (0..self.len()).filter(|other| *other != number) {
            self.set_cut(number, other, cut).await?;
        }
        Ok(())
    }

    async fn set_cut(&self, one: usize, other: usize, cut: bool) -> Result<()> {
        {
            let mut links = lock(&self.links);
            for pair in [(one, other), (other, one)] {
                if cut {
                    links.insert(pair);
                } else {
                    links.remove(&pair);
                }
            }
        }
        for number in [one, other] {
            let lines: String = lock(&self.links)
                .iter()
                .filter(|(from, _)| *from == number)
                .map(|(_, to)| format!("cut n{to}\n"))
                .collect();
            let folder = self.node(number).await.directory().to_path_buf();
            // A file is replaced as a whole, so that no half of it is ever read.
            std::fs::write(folder.join("links.new"), lines)?;
            std::fs::rename(folder.join("links.new"), folder.join("links"))?;
        }
        Ok(())
    }
}
