//! Behaviour of projections.

use super::*;
use proptest::prelude::*;

/// Points of a plane in three dimensions: far apart along one direction, less along another.
fn points() -> Vec<Vec<f32>> {
    let (long, short) = ([0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]);
    (0..40)
        .map(|index| {
            let (a, b) = ((index as f32 * 0.7).sin() * 5.0, (index as f32 * 1.3).cos());
            let at = |axis: usize| 1.0 + a * long[axis] + b * short[axis];
            vec![at(0), at(1), 1.0]
        })
        .collect()
}

fn fit(vectors: &[Vec<f32>], dimensions: usize) -> Projection {
    Projection::fit(vectors.iter().map(Vec::as_slice), dimensions).unwrap()
}

#[test]
fn a_known_matrix_has_its_known_eigenvectors() {
    // Eigenvalues 4, 2 and 1: directions (1,1,0), (1,-1,0) and (0,0,1).
    let found = eigenvectors(vec![3.0, 1.0, 0.0, 1.0, 3.0, 0.0, 0.0, 0.0, 1.0], 3);
    let half = 0.5_f64.sqrt();
    let expected = [(4.0, [half, half, 0.0]), (2.0, [half, -half, 0.0]), (1.0, [0.0, 0.0, 1.0])];
    for ((value, direction), (expected_value, expected)) in found.iter().zip(expected) {
        assert!((value - expected_value).abs() < 1e-9, "{value}");
        let across: f64 = direction.iter().zip(expected).map(|(a, b)| a * b).sum();
        assert!((across.abs() - 1.0).abs() < 1e-9, "{direction:?}");
    }
}

#[test]
fn the_first_directions_are_those_in_which_the_points_differ_most() {
    let projection = fit(&points(), 2);
    assert!(projection.kept() > 0.999, "a plane is all there is");
    let mean = projection.mean.clone();
    let along = |x: f32, y: f32| projection.project(&[mean[0] + x, mean[1] + y, mean[2]]);
    let long = along(0.6, 0.8);
    assert!((long[0].abs() - 1.0).abs() < 0.05 && long[1].abs() < 0.3, "{long:?}");
    assert!(fit(&points(), 1).kept() < 0.999);
}

#[test]
fn vectors_narrower_than_wanted_end_in_zeros() {
    let projection = fit(&points(), 5);
    let vector = projection.apply(&[2.0, 3.0, 1.0]);
    assert_eq!(vector.len(), 5);
    assert_eq!(vector[2..], [0.0, 0.0, 0.0]);
    assert!((vector.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn the_centre_itself_has_no_direction() {
    let projection = fit(&[vec![1.0, 2.0], vec![3.0, 4.0]], 2);
    assert_eq!(projection.apply(&[2.0, 3.0]), [0.0, 0.0]);
}

#[test]
fn it_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projection.safetensors");
    let projection = fit(&points(), 2);
    projection.save(&path).unwrap();
    assert_eq!(Projection::load(&path).unwrap(), projection);
}

#[test]
fn a_file_that_is_none_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projection.safetensors");
    assert!(Projection::load(&path).unwrap_err().to_string().contains("projection.safetensors"));
    std::fs::write(&path, "nothing").unwrap();
    assert!(Projection::load(&path).unwrap_err().to_string().contains("no safetensors"));
}

#[test]
fn without_vectors_or_with_different_widths_there_is_no_projection() {
    assert!(Projection::fit([], 2).is_err());
    let (two, three) = ([1.0, 2.0], [1.0, 2.0, 3.0]);
    let error = Projection::fit([two.as_slice(), three.as_slice()], 2).unwrap_err();
    assert!(error.to_string().contains("3 numbers"), "{error}");
}

proptest! {
    #[test]
    fn eigenvectors_are_unit_at_right_angles_and_rebuild_the_matrix(
        points in prop::collection::vec(prop::collection::vec(-3.0_f64..3.0, 5), 1..12),
    ) {
        let mut matrix = vec![0.0; 25];
        for point in &points {
            for (row, a) in point.iter().enumerate() {
                for (column, b) in point.iter().enumerate() {
                    matrix[row * 5 + column] += a * b;
                }
            }
        }
        let found = eigenvectors(matrix.clone(), 5);
        for (index, (_, one)) in found.iter().enumerate() {
            for (other, (_, two)) in found.iter().enumerate() {
                let across: f64 = one.iter().zip(two).map(|(a, b)| a * b).sum();
                let expected = if index == other { 1.0 } else { 0.0 };
                prop_assert!((across - expected).abs() < 1e-6, "{across}");
            }
        }
        for row in 0..5 {
            for column in 0..5 {
                let rebuilt: f64 =
                    found.iter().map(|(value, axis)| value * axis[row] * axis[column]).sum();
                prop_assert!((rebuilt - matrix[row * 5 + column]).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn fewer_vectors_than_numbers_give_the_same_directions() {
    // The covariance way on the same vectors, repeated so that they are more than their numbers.
    let few: Vec<Vec<f32>> = (0..6)
        .map(|row| (0..9).map(|column| ((row * 7 + column * 3) as f32 * 0.9).sin()).collect())
        .collect();
    let many: Vec<Vec<f32>> = few.iter().cycle().take(12).cloned().collect();
    let (by_products, by_covariance) = (fit(&few, 3), fit(&many, 3));
    assert!((by_products.kept() - by_covariance.kept()).abs() < 1e-5);
    for vector in &few {
        let (a, b) = (by_products.project(vector), by_covariance.project(vector));
        let near = |(a, b): (&f32, &f32)| (a.abs() - b.abs()).abs() < 1e-4;
        assert!(a.iter().zip(&b).all(near), "{a:?} {b:?}");
    }
}

#[test]
fn what_is_written_is_read_again_and_something_else_is_refused() {
    let projection = fit(&points(), 2);
    let bytes = projection.to_bytes().unwrap();
    assert_eq!(Projection::from_bytes(&bytes, "engine m").unwrap(), projection);
    let error = Projection::from_bytes(&bytes[..20], "engine m").unwrap_err().to_string();
    assert!(error.contains("engine m"), "{error}");
}
