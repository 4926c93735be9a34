//! The names that `cubecl-cuda` and `cubecl-hip` expect of `cubecl-llvm`, and a compiler that
//! refuses: which back end compiles is decided by the features `cuda-cpp` and `hip-cpp`.

#![forbid(unsafe_code)]

use cubecl_core::Compiler;
use cubecl_core::ir::amd::GfxArch;
use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_environment::backtrace::BackTrace;
use cubecl_runtime::compiler::CompilationError;
use cubecl_runtime::kernel::BufferIOAttr;

/// What concerns NVIDIA.
pub mod nvptx {
    /// Versions of its assembly language.
    pub mod ptx_version {
        /// A version the driver loads; none is known here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct PtxVersion(u32);

        impl PtxVersion {
            /// The newest version a driver loads.
            pub fn for_driver(_driver: i32) -> Option<Self> {
                None
            }
        }

        impl core::fmt::Display for PtxVersion {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(formatter, "ptx{}", self.0)
            }
        }
    }
}

/// What concerns every graphics processor.
pub mod shared {
    /// What LLVM would be able to lower.
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;
        use cubecl_core::ir::amd::AmdWmma;

        /// The maker of a device.
        #[derive(Clone, Copy, Debug)]
        pub enum GpuTarget {
            /// NVIDIA.
            Nvptx,
            /// AMD, with its sort of matrix instructions.
            AmdGpu {
                /// None on older parts.
                wmma: Option<AmdWmma>,
            },
        }

        /// Takes nothing away: LLVM compiles nothing.
        pub fn restrict_features(_properties: &mut DeviceProperties, _target: GpuTarget) {}
    }
}

/// What LLVM would compile for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LlvmTarget {
    /// The processor.
    #[default]
    Cpu,
    /// NVIDIA.
    Nvptx,
    /// AMD.
    AmdGpu,
}

/// The compiler that refuses.
#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    /// What it would compile for.
    pub target: LlvmTarget,
}

/// What it would be told.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// AMD's architecture.
    pub arch: Option<GfxArch>,
    /// NVIDIA's architecture.
    pub sm_arch: Option<SmArch>,
    /// The version of the assembly language.
    pub ptx_version: Option<nvptx::ptx_version::PtxVersion>,
    /// How parameters are passed.
    pub grid_constants: bool,
    /// Keeps `..Default::default()` meaningful for the caller.
    pub reserved: (),
}

/// What it would make for NVIDIA.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// Assembly.
    pub ptx: Vec<core::ffi::c_char>,
    /// Name of the kernel.
    pub entrypoint: String,
    /// For logs.
    pub ir: String,
    /// Bytes a launch reserves.
    pub shared_memory_size: usize,
    /// How each buffer is used.
    pub io: Vec<BufferIOAttr>,
}

/// What it would make for AMD.
#[derive(Clone, Debug)]
pub struct AmdGpuModule {
    /// Machine code.
    pub code_object: Vec<u8>,
    /// Name of the kernel.
    pub entrypoint: String,
    /// For logs.
    pub ir: String,
    /// Bytes a launch reserves.
    pub shared_memory_size: usize,
    /// How each buffer is used.
    pub io: Vec<BufferIOAttr>,
}

/// What it would make.
#[derive(Clone)]
pub enum PlironArtifact {
    /// For NVIDIA.
    NvptxCode(NvptxModule),
    /// For AMD.
    AmdGpuCode(AmdGpuModule),
    /// For the processor.
    CpuCode,
}

impl core::fmt::Display for PlironArtifact {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("nothing")
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        _kernel: KernelDefinition,
        _options: &Self::CompilationOptions,
    ) -> Result<Self::Representation, CompilationError> {
        Err(CompilationError::Generic {
            reason: "this build has no LLVM; kernels are compiled as C++".to_string(),
            backtrace: BackTrace::capture(),
        })
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
