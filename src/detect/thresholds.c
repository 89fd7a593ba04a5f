/* One line a threshold. */
#include "detect/thresholds.h"

#include "base/macros.h"

void thresholds_init(Thresholds *t)
{
        *t = (Thresholds){
                .available_warning_bytes = 1ull << 30,
                .available_critical_bytes = 512ull << 20,
                .memory_used_warning_ratio = 0.80,
                .memory_used_critical_ratio = 0.90,
                .swap_used_bytes = 1000ull * 1000 * 1000,
                .memory_stalled_ratio = 0.10,
                .process_memory_ratio = 0.10,
                .load_warning_ratio = 1.0,
                .load_critical_ratio = 1.5,
                .iowait_ratio = 0.30,
                .steal_ratio = 0.10,
                .throttled_ratio = 0.10,
                .cpu_warning_c = 75,
                .cpu_critical_c = 85,
                .gpu_warning_c = 80,
                .disk_warning_ratio = 0.80,
                .disk_critical_ratio = 0.90,
                .store_growth_bytes = 10ull * 1000 * 1000 * 1000,
                .files_ratio = 0.80,
                .tasks_warning_ratio = 0.60,
                .tasks_critical_ratio = 0.80,
                .threads_ratio = 0.80,
                .idle_cores_ratio = 0.25,
                .serial_tail_ratio = 0.10,
        };
}

const ThresholdKey *threshold_keys(size_t *ret_n)
{
        static const ThresholdKey keys[] = {
                {"memory_available_warning", "1 GiB", "less memory left for programs is a warning", THRESHOLD_BYTES,
                 offsetof(Thresholds, available_warning_bytes)},
                {"memory_available_critical", "512 MiB", "and less than this critical", THRESHOLD_BYTES,
                 offsetof(Thresholds, available_critical_bytes)},
                {"memory_used_warning", "80", "percent of memory in use: a warning", THRESHOLD_PERCENT,
                 offsetof(Thresholds, memory_used_warning_ratio)},
                {"memory_used_critical", "90", "and critical", THRESHOLD_PERCENT,
                 offsetof(Thresholds, memory_used_critical_ratio)},
                {"swap_used", "1 GB", "more swap in use is a warning", THRESHOLD_BYTES,
                 offsetof(Thresholds, swap_used_bytes)},
                {"memory_stalled", "10", "percent of 10 s in which all tasks waited for memory", THRESHOLD_PERCENT,
                 offsetof(Thresholds, memory_stalled_ratio)},
                {"process_memory", "10", "percent of memory in one process", THRESHOLD_PERCENT,
                 offsetof(Thresholds, process_memory_ratio)},
                {"load_warning", "100", "load in percent of the cores: told", THRESHOLD_PERCENT,
                 offsetof(Thresholds, load_warning_ratio)},
                {"load_critical", "150", "and a warning", THRESHOLD_PERCENT, offsetof(Thresholds, load_critical_ratio)},
                {"iowait", "30", "percent of CPU time idle while tasks wait for I/O", THRESHOLD_PERCENT,
                 offsetof(Thresholds, iowait_ratio)},
                {"steal", "10", "percent of CPU time in which the hypervisor ran others", THRESHOLD_PERCENT,
                 offsetof(Thresholds, steal_ratio)},
                {"throttled", "10", "percent of periods in which a cgroup had used up its CPU", THRESHOLD_PERCENT,
                 offsetof(Thresholds, throttled_ratio)},
                {"cpu_temperature_warning", "75", "degrees Celsius: a warning", THRESHOLD_CELSIUS,
                 offsetof(Thresholds, cpu_warning_c)},
                {"cpu_temperature_critical", "85", "and critical", THRESHOLD_CELSIUS,
                 offsetof(Thresholds, cpu_critical_c)},
                {"gpu_temperature_warning", "80", "of a GPU", THRESHOLD_CELSIUS, offsetof(Thresholds, gpu_warning_c)},
                {"disk_used_warning", "80", "percent of a file system, or of its inodes", THRESHOLD_PERCENT,
                 offsetof(Thresholds, disk_warning_ratio)},
                {"disk_used_critical", "90", "and critical", THRESHOLD_PERCENT,
                 offsetof(Thresholds, disk_critical_ratio)},
                {"store_growth", "10 GB", "growth of a store or cache that is told", THRESHOLD_BYTES,
                 offsetof(Thresholds, store_growth_bytes)},
                {"files", "80", "percent of the files that may be open", THRESHOLD_PERCENT,
                 offsetof(Thresholds, files_ratio)},
                {"tasks_warning", "60", "percent of the limit on processes that binds", THRESHOLD_PERCENT,
                 offsetof(Thresholds, tasks_warning_ratio)},
                {"tasks_critical", "80", "and critical", THRESHOLD_PERCENT, offsetof(Thresholds, tasks_critical_ratio)},
                {"threads", "80", "percent of threads-max", THRESHOLD_PERCENT, offsetof(Thresholds, threads_ratio)},
                {"idle_cores", "25", "percent of CPU time unused by a build that had work", THRESHOLD_PERCENT,
                 offsetof(Thresholds, idle_cores_ratio)},
                {"serial_tail", "10", "percent of a run at its end with one process at work", THRESHOLD_PERCENT,
                 offsetof(Thresholds, serial_tail_ratio)},
        };

        *ret_n = ARRAY_LENGTH(keys);
        return keys;
}
