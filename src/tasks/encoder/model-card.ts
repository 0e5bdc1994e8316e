/** The model card of an imported encoder: what it is, where it is from, and on what terms. */
import { countParameters } from '../../layers/parameters.js';
import { type MobileNetConfig, mobilenetOutput, mobilenetParameterShapes } from '../../models/mobilenet/index.js';
import type { EncoderSource } from './encoder.js';

const CATALOGUE_DATA = `- **Data:** trained by Google on ImageNet (ILSVRC 2012; Russakovsky et al. 2015).
- **Licence:** Apache-2.0, as its publisher states. ImageNet itself is for research use.`;

const OTHER_DATA = `- **Data and licence:** those of the address below. The catalogue's own models were trained by Google on ImageNet and \
are Apache-2.0; whether this copy is the same, its address does not tell.`;

/** The text of README.md. */
export function encoderModelCard(config: MobileNetConfig, source: EncoderSource, isFromCatalogue: boolean): string {
  const { version, alpha, inputSize, classes } = config;
  const [low, high] = config.inputRange;
  const { gridSize, featureSize } = mobilenetOutput(config);
  const millions = (countParameters(mobilenetParameterShapes(config)) / 1e6).toFixed(2);
  return `# MobileNet V${version} ${alpha.toFixed(2)}, ${inputSize} px

An image encoder for looksay: ${gridSize} × ${gridSize} × ${featureSize} features an image, and ${classes} classes.

- **Architecture:** ${version === 1 ? 'MobileNet (Howard et al. 2017)' : 'MobileNetV2 (Sandler et al. 2018)'}, width \
multiplier ${alpha}, ${millions} million parameters, batch norms folded into the convolutions.
- **Input:** RGB images of ${inputSize} × ${inputSize}; pixel values 0 … 255 become ${low} … ${high}.
${isFromCatalogue ? CATALOGUE_DATA : OTHER_DATA}
- **Source:** ${source.url}, loaded through ${source.package}; SHA-256 of the download \`${source.sha256}\`.

\`model.safetensors\` holds the weights, \`config.json\` says how they fit together.
`;
}
