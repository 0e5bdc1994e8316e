"""The training step of language-model-step.ts in PyTorch (`python -m venv V && V/bin/pip install torch`):

    V/bin/python benchmarks/language-model-step.py [steps] [threads]
"""

import json
import resource
import sys
import time

import torch
from torch import nn

BATCH, STEPS, HIDDEN, VOCABULARY = 50, 50, 256, 65
count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
if len(sys.argv) > 2:
    torch.set_num_threads(int(sys.argv[2]))
torch.manual_seed(1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = nn.LSTM(VOCABULARY, HIDDEN, num_layers=2)
        self.output = nn.Linear(HIDDEN, VOCABULARY)

    def forward(self, tokens):
        hidden, _ = self.cells(nn.functional.one_hot(tokens, VOCABULARY).float())
        return self.output(hidden)


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0)


def step():
    tokens = torch.randint(4, VOCABULARY, (STEPS, BATCH))
    targets = torch.randint(4, VOCABULARY, (STEPS, BATCH))
    begin = time.perf_counter()
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(tokens).view(-1, VOCABULARY), targets.view(-1))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    loss.item()
    return 1000 * (time.perf_counter() - begin)


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (usage.ru_utime + usage.ru_stime)


step()
before = used()
times = sorted(step() for _ in range(count))
print(
    json.dumps(
        {
            "backend": f"PyTorch {torch.__version__}",
            "steps": count,
            "medianMs": round(times[count // 2], 1),
            "leastMs": round(times[0], 1),
            "cpuMs": round((used() - before) / count, 1),
        }
    )
)
