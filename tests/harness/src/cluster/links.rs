//! Faults of the links between nodes, by the files the nodes read them from.

use super::{TestCluster, lock};
use anyhow::Result;

impl TestCluster {
    /// Cuts the link between two nodes, in both directions.
    ///
    /// # Errors
    /// When the files of faults cannot be written.
    pub async fn cut(&self, one: usize, other: usize) -> Result<()> {
        self.fault(one, other, Some(None)).await
    }

    /// Makes the link between two nodes slow.
    ///
    /// # Errors
    /// As [`Self::cut`].
    pub async fn delay(&self, one: usize, other: usize, milliseconds: u64) -> Result<()> {
        self.fault(one, other, Some(Some(milliseconds))).await
    }

    /// Mends the link between two nodes.
    ///
    /// # Errors
    /// As [`Self::cut`].
    pub async fn mend(&self, one: usize, other: usize) -> Result<()> {
        self.fault(one, other, None).await
    }

    /// Cuts a node off from all others, or joins it to them again.
    ///
    /// # Errors
    /// As [`Self::cut`].
    pub async fn isolate(&self, number: usize, cut: bool) -> Result<()> {
        for other in (0..self.len()).filter(|other| *other != number) {
            self.fault(number, other, cut.then_some(None)).await?;
        }
        Ok(())
    }

    async fn fault(&self, one: usize, other: usize, fault: Option<Option<u64>>) -> Result<()> {
        {
            let mut links = lock(&self.links);
            for pair in [(one, other), (other, one)] {
                match fault {
                    Some(fault) => links.insert(pair, fault),
                    None => links.remove(&pair),
                };
            }
        }
        for number in [one, other] {
            let lines: String = lock(&self.links)
                .iter()
                .filter(|((from, _), _)| *from == number)
                .map(|((_, to), delay)| match delay {
                    None => format!("cut n{to}\n"),
                    Some(delay) => format!("delay n{to} {delay}\n"),
                })
                .collect();
            let folder = self.node(number).await.directory().to_path_buf();
            // A file is replaced as a whole, so that no half of it is ever read.
            std::fs::write(folder.join("links.new"), lines)?;
            std::fs::rename(folder.join("links.new"), folder.join("links"))?;
        }
        Ok(())
    }
}
