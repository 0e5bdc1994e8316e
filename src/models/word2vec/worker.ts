/** What runs in each thread of `TrainingThreads`. */
import { parentPort, workerData } from 'node:worker_threads';
import { defined } from '../../shared/assert.js';
import { NegativeSamplingTrainer } from './negative-sampling.js';
import { NEXT_JOB, STOP, type ThreadMessage, type ThreadStart } from './thread-messages.js';

const { training, kernelModule, thread, control } = workerData as ThreadStart;
const port = defined(parentPort, 'the thread that started this one');
const trainer = new NegativeSamplingTrainer(training, kernelModule, thread);

/** Takes jobs until those before `until` are taken, or the threads are told to stop. */
port.on('message', ({ until }: ThreadMessage) => {
  while (Atomics.load(control, STOP) === 0) {
    const job = Atomics.add(control, NEXT_JOB, 1);
    if (job >= until) break;
    trainer.train(job);
  }
  port.postMessage('done');
});
