//! Files as makers publish them, and files that were cut, changed or mixed up.

use super::{NumberType, Precision, Weights, WeightsError};
use burn::tensor::{DType, Device};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn pytorch_fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch")
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A safetensors file of these tensors of 32 bits.
fn safetensors_file(tensors: &[(&str, &[usize], &[f32])]) -> Vec<u8> {
    let data: Vec<Vec<u8>> = tensors.iter().map(|(_, _, values)| bytes_of(values)).collect();
    let views = tensors.iter().zip(&data).map(|((name, shape, _), bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn small() -> Vec<u8> {
    safetensors_file(&[("a.weight", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), ("b", &[1], &[0.5])])
}

#[test]
fn a_tensor_is_found_by_name_with_its_shape() {
    let folder = folder_with(&[("model.safetensors", &small())]);
    let weights = Weights::open(folder.path()).unwrap();
    assert_eq!(weights.names().collect::<Vec<_>>(), ["a.weight", "b"]);
    assert_eq!(weights.shape("a.weight"), Some([2, 3].as_slice()));
    assert_eq!(weights.number_type("b"), Some(NumberType::F32));
    assert_eq!(weights.values("a.weight", &[2, 3]).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn a_tensor_comes_to_a_device_in_the_precision_wanted() {
    let folder = folder_with(&[("model.safetensors", &small())]);
    let weights = Weights::open(folder.path()).unwrap();
    for precision in [Precision::F32, Precision::F16, Precision::Bf16] {
        let tensor = weights.tensor("a.weight", [2, 3], precision, &Device::flex()).unwrap();
        assert_eq!(tensor.dtype(), precision.dtype());
        let values = tensor.into_data().convert_dtype(DType::F32).try_into_vec::<f32>().unwrap();
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }
}

#[test]
fn a_tensor_of_another_shape_is_refused_with_both_shapes() {
    let folder = folder_with(&[("model.safetensors", &small())]);
    let weights = Weights::open(folder.path()).unwrap();
    let error = weights.values("a.weight", &[3, 2]).unwrap_err().to_string();
    for part in ["model.safetensors", "a.weight", "[3, 2]", "[2, 3]"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_tensor_that_is_not_there_is_named() {
    let folder = folder_with(&[("model.safetensors", &small())]);
    let error = Weights::open(folder.path()).unwrap().values("c.bias", &[1]).unwrap_err();
    assert!(matches!(&error, WeightsError::Missing { tensor, .. } if tensor == "c.bias"));
}

#[test]
fn whole_numbers_are_not_taken_for_weights() {
    let bytes = 7_i64.to_le_bytes();
    let view = TensorView::new(Dtype::I64, vec![1], &bytes).unwrap();
    let file = safetensors::serialize([("ids", view)], None).unwrap();
    let folder = folder_with(&[("model.safetensors", &file)]);
    let error = Weights::open(folder.path()).unwrap().values("ids", &[1]).unwrap_err().to_string();
    assert!(error.contains("ids") && error.contains("i64") && error.contains("f32"), "{error}");
}

#[test]
fn shards_are_read_as_one_model() {
    let (one, two) =
        (safetensors_file(&[("a", &[1], &[1.0])]), safetensors_file(&[("b", &[1], &[2.0])]));
    let index = br#"{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#;
    let folder = folder_with(&[
        ("model.safetensors.index.json", index),
        ("one.safetensors", &one),
        ("two.safetensors", &two),
    ]);
    let weights = Weights::open(folder.path()).unwrap();
    assert_eq!(weights.values("a", &[1]).unwrap(), [1.0]);
    assert_eq!(weights.values("b", &[1]).unwrap(), [2.0]);
}

#[test]
fn an_index_that_promises_too_much_is_refused() {
    let one = safetensors_file(&[("a", &[1], &[1.0])]);
    let index = br#"{"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}"#;
    let folder = folder_with(&[("model.safetensors.index.json", index), ("one.safetensors", &one)]);
    let error = Weights::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("\"b\"") && error.contains("one.safetensors"), "{error}");
}

#[test]
fn an_index_cannot_lead_out_of_its_folder() {
    for name in ["../one.safetensors", "/etc/passwd", "a/../../b.safetensors", "..", "sub\\\\x"] {
        let index = format!(r#"{{"weight_map":{{"a":"{name}"}}}}"#);
        let folder = folder_with(&[("model.safetensors.index.json", index.as_bytes())]);
        let error = Weights::open(folder.path()).unwrap_err();
        assert!(matches!(error, WeightsError::Header { .. }), "{name}: {error}");
    }
}

#[test]
fn an_empty_folder_says_which_files_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let error = Weights::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("model.safetensors") && error.contains("pytorch_model.bin"), "{error}");
}

#[test]
fn a_file_that_was_cut_off_says_how_long_it_should_be() {
    let mut file = small();
    file.truncate(file.len() - 3);
    let folder = folder_with(&[("model.safetensors", &file)]);
    let error = Weights::open(folder.path()).unwrap_err();
    assert!(matches!(&error, WeightsError::Length { .. }), "{error}");
    assert!(error.to_string().contains("fetch it again"), "{error}");
}

#[test]
fn a_header_without_end_is_not_read_into_memory() {
    let folder = folder_with(&[("model.safetensors", &[0xff; 64])]);
    let error = Weights::open(folder.path()).unwrap_err();
    assert!(matches!(&error, WeightsError::Header { .. }), "{error}");
}

#[test]
fn a_pytorch_file_gives_its_tensors_in_every_float_type() {
    let weights = Weights::open(&pytorch_fixture()).unwrap();
    let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25];
    for name in ["single", "half", "brain", "double"] {
        assert_eq!(weights.values(name, &[2, 3]).unwrap(), expected, "{name}");
    }
    let transposed = weights.values("transposed", &[3, 2]).unwrap();
    assert_eq!(transposed, [0.0, 0.75, 0.25, 1.0, 0.5, 1.25]);
    assert!(matches!(weights.values("count", &[1]), Err(WeightsError::Type { .. })));
}

/// Opens the folder and reads whatever it says it has.
fn read_all(folder: &Path) -> Result<(), WeightsError> {
    let weights = Weights::open(folder)?;
    for name in weights.names() {
        let shape = weights.shape(name).unwrap().to_vec();
        drop(weights.values(name, &shape)?);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_damaged_safetensors_file_is_refused_or_read(
        position in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut file = small();
        // Headers are what can be wrong; numbers are numbers.
        let position = position.index(file.len() - 28);
        file[position] = byte;
        file.truncate(cut.index(file.len() * 2).min(file.len()));
        let folder = folder_with(&[("model.safetensors", &file)]);
        if let Err(error) = read_all(folder.path()) {
            prop_assert!(error.to_string().contains("model.safetensors"), "{}", error);
        }
    }

    #[test]
    fn any_bytes_are_refused_by_name(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"] {
            let folder = folder_with(&[(name, &bytes)]);
            let error = read_all(folder.path()).unwrap_err();
            prop_assert!(error.to_string().contains(name), "{}", error);
        }
    }

    #[test]
    fn a_damaged_pytorch_file_is_refused_or_read(
        position in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut file = std::fs::read(pytorch_fixture().join("pytorch_model.bin")).unwrap();
        let position = position.index(file.len());
        file[position] = byte;
        file.truncate(cut.index(file.len() * 2).min(file.len()));
        let folder = folder_with(&[("pytorch_model.bin", &file)]);
        if let Err(error) = read_all(folder.path()) {
            prop_assert!(error.to_string().contains("pytorch_model.bin"), "{}", error);
        }
    }
}
