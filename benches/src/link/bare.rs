//! ractor_cluster as it comes: a stock NodeServer in Isolated mode on each side, one remotable actor
//! that is found through its process group.

use super::{Ask, LIMIT, LINKED_WITHIN, until_the_input_ends};
use crate::helper::Helper;
use anyhow::{Context, Result, anyhow, ensure};
use ractor::rpc::CallResult;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, pg};
use ractor_cluster::node::NodeConnectionMode;
use ractor_cluster::{NodeServer, NodeServerMessage, RactorClusterMessage, client_connect};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

/// The process group of the echo.
const GROUP: &str = "echo";

/// What travels.
#[derive(RactorClusterMessage)]
enum EchoMessage {
    #[rpc]
    Call(Vec<u8>, RpcReplyPort<Vec<u8>>),
}

/// Answers with what it was sent.
struct Echo;

impl Actor for Echo {
    type Msg = EchoMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<EchoMessage>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<EchoMessage>,
        message: EchoMessage,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let EchoMessage::Call(bytes, reply) = message;
        // The asker may have stopped waiting.
        reply.send(bytes).unwrap_or_default();
        Ok(())
    }
}

/// Answers until its input ends; prints its port.
pub(super) async fn own() -> Result<()> {
    let (echo, _task) = Actor::spawn(None, Echo, ()).await?;
    pg::join(GROUP.to_owned(), vec![echo.get_cell()]);
    // A NodeServer does not tell which port it was given.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let _server = start_server("owner", port).await?;
    println!("{port}");
    until_the_input_ends().await
}

/// Starts the other side and connects to it.
pub(super) async fn call() -> Result<(Helper, BareAsker)> {
    let mut owner = Helper::start(["link", "bare-owner"])?;
    let port: u16 = owner.line()?.parse().context("the other side printed no port")?;
    let server = start_server("caller", 0).await?;
    client_connect(&server, (Ipv4Addr::LOCALHOST, port)).await?;
    Ok((owner, BareAsker(remote_echo().await?)))
}

async fn start_server(name: &str, port: u16) -> Result<ActorRef<NodeServerMessage>> {
    let (cookie, host) = ("bench".to_owned(), format!("{name}.bench"));
    let mode = Some(NodeConnectionMode::Isolated);
    let server = NodeServer::new(port, cookie, name.to_owned(), host, None, mode)
        .with_listen_addr(IpAddr::V4(Ipv4Addr::LOCALHOST));
    Ok(Actor::spawn(None, server, ()).await?.0)
}

/// The other side's actor, when its session has told of it.
async fn remote_echo() -> Result<ActorRef<EchoMessage>> {
    let began = Instant::now();
    loop {
        let members = pg::get_members(&GROUP.to_owned());
        if let Some(remote) = members.into_iter().find(|cell| !cell.get_id().is_local()) {
            return Ok(remote.into());
        }
        ensure!(began.elapsed() < LINKED_WITHIN, "the other side's actor does not appear");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Calls the other side's actor.
#[derive(Clone)]
pub(super) struct BareAsker(ActorRef<EchoMessage>);

impl Ask for BareAsker {
    async fn ask(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        match self.0.call(|reply| EchoMessage::Call(bytes, reply), Some(LIMIT)).await {
            Ok(CallResult::Success(answer)) => Ok(answer),
            Ok(CallResult::Timeout) => Err(anyhow!("a call was not answered in {LIMIT:?}")),
            Ok(CallResult::SenderError) => Err(anyhow!("the link broke")),
            Err(error) => Err(anyhow!("a call was not sent: {error}")),
        }
    }
}
