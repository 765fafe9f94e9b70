"""GPUs by NVML, called through ctypes; on a machine without it nothing is known."""

import ctypes
import os
import threading
import time

EVERY_SECONDS = 1.0
_LIBRARIES = ("libnvidia-ml.so.1", "nvml.dll")


class _Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class Gpus:
    """Samples the utilisation of the GPUs this process may use, once a second."""

    def __init__(self, held=None) -> None:
        self.held = held
        self.handles, self.samples = [], []
        self.library = None

    def begin(self) -> None:
        self.began = time.monotonic()
        self.done = threading.Event()
        self.samples = []
        try:
            self.library = _loaded()
            self.handles = _handles(self.library) if self.library else []
        except Exception:  # whatever a driver does, the run goes on unmeasured: end() says None
            self.handles = []
        if self.handles:
            self.thread = threading.Thread(target=self._sample, daemon=True)
            self.thread.start()

    def end(self):
        """(GPU seconds, mean utilisation from 0 to 1), None for what is not known."""
        self.done.set()
        seconds = time.monotonic() - self.began
        number = self.held if self.held is not None else len(self.handles) or None
        utilization = sum(self.samples) / len(self.samples) / 100 if self.samples else None
        return (None if number is None else seconds * number), utilization

    def _sample(self) -> None:
        told = _Utilization()
        while not self.done.wait(EVERY_SECONDS):
            for handle in self.handles:
                if not self.library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(told)):
                    self.samples.append(told.gpu)


def _loaded():
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        return library if library.nvmlInit_v2() == 0 else None
    return None


def _handles(library) -> list:
    """The devices of CUDA_VISIBLE_DEVICES, or all."""
    count = ctypes.c_uint()
    if library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(n) for n in range(count.value)]
    if visible is not None:
        names = [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    handles = []
    for name in names:
        handle = ctypes.c_void_p()
        if name.isdigit():
            failed = library.nvmlDeviceGetHandleByIndex_v2(int(name), ctypes.byref(handle))
        else:
            failed = library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(handle))
        if not failed:
            handles.append(handle)
    return handles
