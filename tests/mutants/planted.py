"""All planted bugs."""

from tests.mutants.in_bfloat16 import BFLOAT16_MUTANTS
from tests.mutants.in_blocks import BLOCK_MUTANTS
from tests.mutants.in_checks import CHECK_MUTANTS
from tests.mutants.in_classroom import CLASSROOM_MUTANTS
from tests.mutants.in_command_line import COMMAND_LINE_MUTANTS
from tests.mutants.in_commands import COMMAND_MUTANTS
from tests.mutants.in_cuda import CUDA_MUTANTS
from tests.mutants.in_cuda_bf16 import CUDA_BF16_MUTANTS
from tests.mutants.in_cuda_graph import CUDA_GRAPH_MUTANTS
from tests.mutants.in_cuda_host import CUDA_HOST_MUTANTS
from tests.mutants.in_documents import DOCUMENT_MUTANTS
from tests.mutants.in_first_hour import FIRST_HOUR_MUTANTS
from tests.mutants.in_folders import FOLDER_MUTANTS
from tests.mutants.in_fusion import FUSION_MUTANTS
from tests.mutants.in_gpu_groups import GPU_GROUP_MUTANTS
from tests.mutants.in_grader import GRADER_MUTANTS
from tests.mutants.in_grader_finds import GRADER_FIND_MUTANTS
from tests.mutants.in_group import GROUP_MUTANTS
from tests.mutants.in_imports import IMPORT_MUTANTS
from tests.mutants.in_inner_kernels import INNER_KERNEL_MUTANTS
from tests.mutants.in_install import INSTALL_MUTANTS
from tests.mutants.in_kernels import KERNEL_MUTANTS
from tests.mutants.in_large_batches import LARGE_BATCH_MUTANTS
from tests.mutants.in_layers import LAYER_MUTANTS
from tests.mutants.in_learn import LEARN_MUTANTS
from tests.mutants.in_learn_speed import LEARN_SPEED_MUTANTS
from tests.mutants.in_lesson_command import LESSON_COMMAND_MUTANTS
from tests.mutants.in_lessons import LESSON_MUTANTS
from tests.mutants.in_like_pytorch import LIKE_PYTORCH_MUTANTS
from tests.mutants.in_look import LOOK_MUTANTS
from tests.mutants.in_names import NAME_MUTANTS
from tests.mutants.in_networks_in import NETWORK_MUTANTS
from tests.mutants.in_numba import NUMBA_MUTANTS
from tests.mutants.in_numba_convolve import CONVOLVE_MUTANTS
from tests.mutants.in_own import OWN_MUTANTS
from tests.mutants.in_packed import PACKED_MUTANTS
from tests.mutants.in_pages import PAGES_MUTANTS
from tests.mutants.in_parallel import PARALLEL_MUTANTS
from tests.mutants.in_pictures import PICTURE_MUTANTS
from tests.mutants.in_prepare import PREPARE_MUTANTS
from tests.mutants.in_recipes import RECIPE_MUTANTS
from tests.mutants.in_reproduce import REPRODUCE_MUTANTS
from tests.mutants.in_rivals import RIVAL_MUTANTS
from tests.mutants.in_run_folders import RUN_FOLDER_MUTANTS
from tests.mutants.in_runs import RUNS_MUTANTS
from tests.mutants.in_slides import SLIDES_MUTANTS
from tests.mutants.in_start import START_MUTANTS
from tests.mutants.in_trainer import TRAINER_MUTANTS
from tests.mutants.in_training import TRAINING_MUTANTS
from tests.mutants.in_typed import TYPED_MUTANTS
from tests.mutants.in_watch import WATCH_MUTANTS
from tests.mutants.in_weights import WEIGHTS_MUTANTS
from tests.mutants.in_workers import WORKERS_MUTANTS
from tests.mutants.in_workers_bar import WORKERS_BAR_MUTANTS
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    KERNEL_MUTANTS
    + LAYER_MUTANTS
    + LIKE_PYTORCH_MUTANTS
    + TRAINING_MUTANTS
    + TRAINER_MUTANTS
    + RECIPE_MUTANTS
    + LARGE_BATCH_MUTANTS
    + NUMBA_MUTANTS
    + INNER_KERNEL_MUTANTS
    + CONVOLVE_MUTANTS
    + BLOCK_MUTANTS
    + CHECK_MUTANTS
    + RIVAL_MUTANTS
    + BFLOAT16_MUTANTS
    + CUDA_MUTANTS
    + CUDA_BF16_MUTANTS
    + CUDA_HOST_MUTANTS
    + CUDA_GRAPH_MUTANTS
    + WEIGHTS_MUTANTS
    + PACKED_MUTANTS
    + PREPARE_MUTANTS
    + PICTURE_MUTANTS
    + FOLDER_MUTANTS
    + RUN_FOLDER_MUTANTS
    + RUNS_MUTANTS
    + TYPED_MUTANTS
    + NETWORK_MUTANTS
    + NAME_MUTANTS
    + COMMAND_MUTANTS
    + START_MUTANTS
    + COMMAND_LINE_MUTANTS
    + FIRST_HOUR_MUTANTS
    + IMPORT_MUTANTS
    + INSTALL_MUTANTS
    + REPRODUCE_MUTANTS
    + PAGES_MUTANTS
    + LOOK_MUTANTS
    + DOCUMENT_MUTANTS
    + LEARN_MUTANTS
    + OWN_MUTANTS
    + LESSON_MUTANTS
    + LESSON_COMMAND_MUTANTS
    + SLIDES_MUTANTS
    + GRADER_MUTANTS
    + GRADER_FIND_MUTANTS
    + LEARN_SPEED_MUTANTS
    + CLASSROOM_MUTANTS
    + FUSION_MUTANTS
    + GPU_GROUP_MUTANTS
    + GROUP_MUTANTS
    + PARALLEL_MUTANTS
    + WORKERS_MUTANTS
    + WORKERS_BAR_MUTANTS
    + WATCH_MUTANTS
)
