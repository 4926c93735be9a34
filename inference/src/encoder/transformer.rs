//! Encoders of the BERT and XLM-R families (MiniLM, bge, e5, …) from the files of their makers.
//!
//! Tokens in, one vector of length one out for each text, at the model's own width.

mod configuration;
mod error;
mod graphics;
mod kernel;
mod parameters;
mod pooling;
mod processor;
mod stage;

#[cfg(test)]
mod tests;

pub use configuration::{Family, Pooling};
pub use error::EncoderError;
pub use stage::StageTimes;

use self::configuration::Configuration;
use self::graphics::GraphicsModel;
use self::parameters::Parameters;
use self::processor::ProcessorModel;
use self::stage::{Stage, StageClock};
use crate::device::ComputeDevice;
use crate::error::Result;
use crate::tokenizer::Tokenizer;
use crate::weights::{Precision, Weights};
use std::path::Path;

/// What the files leave open, or what is to be otherwise than they say.
#[derive(Debug, Clone, Default)]
pub struct TransformerOptions {
    /// How tokens become one vector; as the files say, else by the mean.
    pub pooling: Option<Pooling>,
    /// What every text begins with, such as `query: ` or `passage: ` for e5.
    pub prefix: String,
    /// Most tokens of a text with its frame; more are cut off. As the files say.
    pub tokens_max: Option<usize>,
    /// Of the numbers on a graphics processor; 16 bits unless chosen. A processor has 32.
    pub precision: Option<Precision>,
}

/// A model laid out for its sort of device.
#[derive(Debug)]
enum Model {
    Processor(Box<ProcessorModel>),
    Graphics(Box<GraphicsModel>),
}

impl Model {
    fn new(
        parameters: Parameters,
        configuration: &Configuration,
        device: &ComputeDevice,
        precision: Option<Precision>,
    ) -> Self {
        let tensors = device.tensors();
        if device.is_processor() {
            let model = ProcessorModel::new(parameters, configuration, tensors);
            return Self::Processor(Box::new(model));
        }
        let precision = precision.unwrap_or(Precision::F16);
        let model = GraphicsModel::new(parameters, configuration, tensors, precision);
        Self::Graphics(Box::new(model))
    }

    fn forward(&self, texts: &[&[u32]], clock: &StageClock) -> Result<Vec<Vec<f32>>, String> {
        match self {
            Self::Processor(model) => model.forward(texts, clock),
            Self::Graphics(model) => model.forward(texts, clock),
        }
    }
}

/// An encoder on a device.
#[derive(Debug)]
pub struct TransformerEncoder {
    /// The folder's name, for messages.
    name: String,
    configuration: Configuration,
    prefix: String,
    tokenizer: Tokenizer,
    device: ComputeDevice,
    model: Model,
    clock: StageClock,
}

impl TransformerEncoder {
    /// From a folder with `config.json`, a tokenizer and weights, as the files say.
    ///
    /// # Errors
    /// [`crate::Error`] names the file, and for weights the tensor, with what was expected.
    pub fn load(folder: &Path, device: &ComputeDevice) -> Result<Self> {
        Self::load_with(folder, device, TransformerOptions::default())
    }

    /// The same with choices of the caller's.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(
        folder: &Path,
        device: &ComputeDevice,
        options: TransformerOptions,
    ) -> Result<Self> {
        let mut configuration = Configuration::read(folder)?;
        configuration.pooling = options.pooling.unwrap_or(configuration.pooling);
        let tokens_max = options.tokens_max.unwrap_or(usize::MAX);
        configuration.tokens_max = configuration.tokens_max.min(tokens_max);
        let tokenizer = Tokenizer::load(folder)?;
        check_tokenizer(folder, &tokenizer, &configuration)?;
        let parameters = Parameters::load(&Weights::open(folder)?, &configuration)?;
        let model = Model::new(parameters, &configuration, device, options.precision);
        let name = folder.file_name().map_or_else(
            || folder.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        Ok(Self {
            name,
            configuration,
            prefix: options.prefix,
            tokenizer,
            device: device.clone(),
            model,
            clock: StageClock::default(),
        })
    }

    /// Length of a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.configuration.width
    }

    /// Most tokens of a text, its frame included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.configuration.tokens_max
    }

    /// The family of the model.
    #[must_use]
    pub fn family(&self) -> Family {
        self.configuration.family
    }

    /// How tokens become one vector.
    #[must_use]
    pub fn pooling(&self) -> Pooling {
        self.configuration.pooling
    }

    /// The device it computes on.
    #[must_use]
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// The time spent in each stage since the model was loaded, for metrics.
    #[must_use]
    pub fn stage_times(&self) -> StageTimes {
        self.clock.times()
    }

    /// The ids of a text with its prefix and frame, ready for [`Self::encode_ids`].
    ///
    /// # Errors
    /// [`crate::Error::Tokenizer`] when the vocabulary has nothing for a character.
    pub fn tokenize(&self, text: &str) -> Result<Vec<u32>> {
        let tokens_max = self.configuration.tokens_max;
        self.clock.time(Stage::Tokenise, || {
            if self.prefix.is_empty() {
                return Ok(self.tokenizer.encode_framed(text, tokens_max)?);
            }
            Ok(self.tokenizer.encode_framed(&format!("{}{text}", self.prefix), tokens_max)?)
        })
    }

    /// A vector for each text, in the texts' order.
    ///
    /// # Errors
    /// As [`Self::tokenize`] and [`Self::encode_ids`].
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let ids: Vec<Vec<u32>> =
            texts.iter().map(|text| self.tokenize(text)).collect::<Result<_>>()?;
        self.encode_ids(&ids)
    }

    /// A vector for each row of ids, in their order; zero for a row without ids.
    ///
    /// # Errors
    /// [`EncoderError::Ids`] for ids the model does not have or too many of them,
    /// [`EncoderError::Compute`] when the device fails.
    pub fn encode_ids(&self, ids: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        self.check_ids(ids)?;
        let mut order: Vec<usize> = (0..ids.len()).collect();
        let length = |index: usize| ids.get(index).map_or(0, Vec::len);
        order.retain(|index| length(*index) > 0);
        // Longest first, and those of one length together.
        order.sort_by_key(|index| std::cmp::Reverse(length(*index)));
        let sorted: Vec<&[u32]> =
            order.iter().filter_map(|index| ids.get(*index)).map(Vec::as_slice).collect();
        let vectors =
            self.model.forward(&sorted, &self.clock).map_err(|reason| self.failed(reason))?;
        let mut result = vec![Vec::new(); ids.len()];
        for (index, vector) in order.into_iter().zip(vectors) {
            if let Some(place) = result.get_mut(index) {
                *place = vector;
            }
        }
        for empty in result.iter_mut().filter(|vector| vector.is_empty()) {
            empty.resize(self.width(), 0.0);
        }
        Ok(result)
    }

    fn check_ids(&self, ids: &[Vec<u32>]) -> Result<(), EncoderError> {
        let wrong = |reason| Err(EncoderError::Ids { model: self.name.clone(), reason });
        let most = self.configuration.positions - self.configuration.first_position;
        for row in ids {
            if row.len() > most {
                return wrong(format!("{} of them, {most} at most", row.len()));
            }
            let vocabulary = self.configuration.vocabulary;
            if let Some(id) = row.iter().find(|id| **id as usize >= vocabulary) {
                return wrong(format!("{id} is not below {vocabulary}"));
            }
        }
        Ok(())
    }

    fn failed(&self, reason: String) -> EncoderError {
        let (model, device) = (self.name.clone(), self.device.name().to_owned());
        EncoderError::Compute { model, device, reason }
    }
}

fn check_tokenizer(
    folder: &Path,
    tokenizer: &Tokenizer,
    configuration: &Configuration,
) -> Result<(), EncoderError> {
    let (words, rows) = (tokenizer.vocabulary_size(), configuration.vocabulary);
    let frame = tokenizer.frame_tokens();
    let reason = if words > rows {
        format!(
            "its vocab_size is {rows} and its tokenizer has {words} tokens; they are of different models"
        )
    } else if configuration.tokens_max <= frame {
        let most = configuration.tokens_max;
        format!("it takes {most} tokens and the frame of a text has {frame}; allow more")
    } else {
        return Ok(());
    };
    Err(EncoderError::Configuration { file: folder.join("config.json"), reason })
}
