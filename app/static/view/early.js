import { answerForTheme } from "./theme.js";

answerForTheme();
