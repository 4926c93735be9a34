//! How full, busy and warm the graphics processors are, as the driver's own tool says.

/// What the tool is asked for; see [`parse_gauges`].
pub const GAUGES_QUERY: [&str; 2] = [
    "--query-gpu=index,uuid,memory.used,memory.total,utilization.gpu,temperature.gpu",
    "--format=csv,noheader,nounits",
];
/// Devices of one machine that are looked at.
const DEVICES_MAX: usize = 64;
const MEBIBYTE: u64 = 1 << 20;

/// One device's figures; what its driver does not say is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DeviceGauges {
    /// Bytes of its memory in use, by everybody.
    pub memory_used: Option<u64>,
    /// Bytes of its memory.
    pub memory_total: Option<u64>,
    /// Share of the last moment in which it computed, 0 to 1.
    pub utilisation: Option<f64>,
    /// Degrees Celsius.
    pub temperature: Option<f64>,
}

/// Reads what `nvidia-smi` answers to [`GAUGES_QUERY`], by our names of the devices.
///
/// `visible` is the value of `CUDA_VISIBLE_DEVICES`, by which the driver numbers the devices of
/// this process; empty for all in their own order. Lines that are none are left out. Where devices
/// of several sorts are in one machine, set `CUDA_DEVICE_ORDER=PCI_BUS_ID`: else the driver may
/// number them otherwise than its tool does.
#[must_use]
pub fn parse_gauges(answer: &str, visible: &str) -> Vec<(String, DeviceGauges)> {
    let all: Vec<Line<'_>> = answer.lines().filter_map(line).take(DEVICES_MAX).collect();
    let named = |(number, gauges)| (format!("cuda:{number}"), gauges);
    if visible.trim().is_empty() {
        return all.into_iter().enumerate().map(|(at, line)| named((at, line.gauges))).collect();
    }
    let is_meant = |line: &&Line<'_>, wanted: &str| {
        line.index == wanted || (wanted.starts_with("GPU-") && line.uuid.starts_with(wanted))
    };
    visible
        .split(',')
        .map(str::trim)
        // As the driver does: the list ends at the first that is none.
        .map_while(|wanted| all.iter().find(|line| is_meant(line, wanted)))
        .enumerate()
        .map(|(at, line)| named((at, line.gauges)))
        .collect()
}

struct Line<'a> {
    index: &'a str,
    uuid: &'a str,
    gauges: DeviceGauges,
}

fn line(text: &str) -> Option<Line<'_>> {
    let mut fields = text.split(',').map(str::trim);
    let index = fields.next().filter(|index| index.parse::<u32>().is_ok())?;
    let uuid = fields.next()?;
    let mut number = || {
        let value = fields.next()?.parse::<f64>().ok()?;
        (value.is_finite() && value >= 0.0).then_some(value)
    };
    let mebibytes = |value: f64| (value as u64).saturating_mul(MEBIBYTE);
    let (memory_used, memory_total) = (number().map(mebibytes), number().map(mebibytes));
    let utilisation = number().map(|percent| (percent / 100.0).min(1.0));
    let gauges = DeviceGauges { memory_used, memory_total, utilisation, temperature: number() };
    Some(Line { index, uuid, gauges })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &str = "0, GPU-aa11, 1024, 81559, 37, 54\n1, GPU-bb22, 2048, 81559, [N/A], 61\n";

    #[test]
    fn every_device_has_its_figures_and_what_is_not_said_is_none() {
        let found = parse_gauges(TWO, "");
        assert_eq!(found[0].0, "cuda:0");
        assert_eq!(found[0].1.memory_used, Some(1024 * MEBIBYTE));
        assert_eq!(found[0].1.utilisation, Some(0.37));
        let (name, second) = &found[1];
        assert_eq!((name.as_str(), second.utilisation), ("cuda:1", None));
        assert_eq!(second.temperature, Some(61.0));
    }

    #[test]
    fn devices_are_numbered_as_this_process_sees_them() {
        let found = parse_gauges(TWO, "1");
        assert_eq!((found.len(), found[0].1.temperature), (1, Some(61.0)));
        assert_eq!(found[0].0, "cuda:0");
        let found = parse_gauges(TWO, "GPU-bb, 0");
        assert_eq!(found[1].1.temperature, Some(54.0));
        assert!(parse_gauges(TWO, "-1,0").is_empty(), "none is visible");
    }

    #[test]
    fn a_tool_that_complains_has_no_devices() {
        assert!(
            parse_gauges("NVIDIA-SMI has failed because it couldn't communicate", "").is_empty()
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_printed_can_break_it(answer in "(?s).{0,300}", visible in ".{0,30}") {
            prop_assert!(parse_gauges(&answer, &visible).len() <= DEVICES_MAX);
        }
    }
}
